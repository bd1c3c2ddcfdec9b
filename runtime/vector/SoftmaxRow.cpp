//===- SoftmaxRow.cpp - Softmax of a row of halves ------------------------===//
//
// Compiled once per instruction set. Each number is loaded three times and
// stored twice, where one function after the other would do twice as much.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/SoftmaxRow.h"

#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/vector/SoftmaxRow.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/support/VectorLoads-inl.h"
#include "runtime/vector/Exponential-inl.h"
#include "runtime/vector/Folds-inl.h"

#include <algorithm>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// powers = e^(x - largest) of a group of 64, added to the sums. Returns
/// whether one of them may not be 0.
template <typename S>
HWY_INLINE bool addPowers(const S *x, hn::Vec<FoldTag<float>> largest,
                          float *powers, Parts<float> &sums) {
  const FoldTag<float> d;
  constexpr size_t lanes = hn::MaxLanes(d), vectors = foldVectors<float>;
  auto isZero = hn::Eq(hn::Zero(d), hn::Zero(d));
#pragma GCC unroll 64
  for (size_t v = 0; v < vectors; ++v) {
    const auto power = expOf(d, hn::Sub(load(d, x + v * lanes), largest));
    hn::StoreU(power, d, powers + v * lanes);
    sums[v] = hn::Add(sums[v], power);
    isZero = hn::And(isZero, hn::Eq(power, hn::Zero(d)));
  }
  return !hn::AllTrue(d, isZero);
}

void softmaxOfHalves(const half *x, half *y, float *scratch, int64_t count) {
  const FoldTag<float> d;
  constexpr auto group = static_cast<int64_t>(parts);
  constexpr auto lanes = static_cast<int64_t>(hn::MaxLanes(d));
  constexpr float lowest = -std::numeric_limits<float>::infinity();
  const auto largest = hn::Set(d, foldRow(x, count, lowest, Largest()));
  Parts<float> sums;
#pragma GCC unroll 64
  for (size_t v = 0; v < foldVectors<float>; ++v)
    sums[v] = hn::Zero(d);
  // Behind it all powers are 0.
  int64_t end = 0, i = 0;
  for (; i + group <= count; i += group)
    if (addPowers(x + i, largest, scratch + i, sums))
      end = i + group;
  if (i < count) {
    const Rest<float> rest(x + i, count - i, lowest);
    addPowers(rest.values, largest, scratch + i, sums);
    end = count;
  }
  const float factor = 1 / foldParts<float>(sums, Sum());
  // 0 times infinity is not 0.
  if (!std::isfinite(factor))
    end = count;
  const auto scale = hn::Set(d, factor);
  for (i = 0; i + lanes <= end; i += lanes)
    store(d, hn::Mul(hn::LoadU(d, scratch + i), scale), y + i);
  for (; i < end; ++i)
    y[i] = static_cast<half>(scratch[i] * factor);
  std::fill(y + end, y + count, half(0));
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt {

HWY_EXPORT(softmaxOfHalves);

void softmaxRow(const half *x, half *y, float *scratch, int64_t count) {
  HWY_DYNAMIC_DISPATCH(softmaxOfHalves)(x, y, scratch, count);
}

} // namespace anec::rt
#endif // HWY_ONCE
