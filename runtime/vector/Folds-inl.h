//===- Folds-inl.h - Rows that become one number ----------------*- C++ -*-===//
//
// For sources that Highway compiles once per instruction set. The order of a
// fold depends on its length alone.
//
//===----------------------------------------------------------------------===//
#if defined(ANEC_RUNTIME_VECTOR_FOLDS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ANEC_RUNTIME_VECTOR_FOLDS_INL_H
#undef ANEC_RUNTIME_VECTOR_FOLDS_INL_H
#else
#define ANEC_RUNTIME_VECTOR_FOLDS_INL_H
#endif

#include "runtime/support/VectorLoads-inl.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Sums are kept in this many parts, whatever the vectors' length: several
/// vectors of the longest, since one sum waits for the one before.
constexpr size_t parts = 64;

/// The part of a row behind its last whole group of parts, filled up.
template <typename T> struct Rest {
  template <typename S> Rest(const S *x, int64_t count, T filler) {
    std::fill_n(values, parts, filler);
    std::copy_n(x, count, values);
  }
  HWY_ALIGN T values[parts];
};

/// The upper half of the lanes into the lower one until one is left.
template <class D, class V, class Fold>
HWY_INLINE hn::TFromD<D> foldLanes(D d, V v, Fold fold) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(d) > 1) {
    const hn::Half<D> half;
    return foldLanes(
        half, fold.apply(half, hn::LowerHalf(half, v), hn::UpperHalf(half, v)),
        fold);
  }
#endif
  (void)d, (void)fold;
  return hn::GetLane(v);
}

/// x is chosen when it is NaN, y when y is: all comparisons with NaN fail.
template <class V> HWY_INLINE V larger(V x, V y) {
  return hn::IfThenElse(hn::Ge(x, y), x, hn::IfThenElse(hn::Eq(x, x), y, x));
}

struct Sum {
  template <class D, class V> static HWY_INLINE V apply(D, V x, V y) {
    return hn::Add(x, y);
  }
};
struct Largest {
  template <class D, class V> static HWY_INLINE V apply(D, V x, V y) {
    return larger(x, y);
  }
};

/// The parts in registers. Every loop over them must be unrolled.
template <typename T> using FoldTag = hn::CappedTag<T, 16>;
template <typename T>
constexpr size_t foldVectors = parts / hn::MaxLanes(FoldTag<T>());
template <typename T> using Parts = hn::Vec<FoldTag<T>>[foldVectors<T>];

/// The upper half of the parts into the lower one until one is left.
template <typename T, class Fold>
HWY_INLINE T foldParts(Parts<T> &sums, Fold fold) {
  const FoldTag<T> d;
#pragma GCC unroll 8
  for (size_t half = foldVectors<T> / 2; half > 0; half /= 2)
#pragma GCC unroll 64
    for (size_t v = 0; v < half; ++v)
      sums[v] = fold.apply(d, sums[v], sums[v + half]);
  return foldLanes(d, sums[0], fold);
}

/// Folds groups of 64 into 64 parts, `fold(d, parts, group)`, and these into
/// one number. S is T or half.
template <typename T, typename S, class Fold>
HWY_INLINE T foldRow(const S *x, int64_t count, T neutral, Fold fold) {
  const FoldTag<T> d;
  constexpr size_t lanes = hn::MaxLanes(d), vectors = foldVectors<T>;
  Parts<T> sums;
#pragma GCC unroll 64
  for (size_t v = 0; v < vectors; ++v)
    sums[v] = hn::Set(d, neutral);
  int64_t i = 0;
  for (; i + static_cast<int64_t>(parts) <= count; i += parts)
#pragma GCC unroll 64
    for (size_t v = 0; v < vectors; ++v)
      sums[v] = fold.apply(d, sums[v], load(d, x + i + v * lanes));
  if (i < count) {
    const Rest<T> rest(x + i, count - i, neutral);
#pragma GCC unroll 64
    for (size_t v = 0; v < vectors; ++v)
      sums[v] = fold.apply(d, sums[v], hn::Load(d, rest.values + v * lanes));
  }
  return foldParts<T>(sums, fold);
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif // ANEC_RUNTIME_VECTOR_FOLDS_INL_H
