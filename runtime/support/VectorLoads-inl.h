//===- VectorLoads-inl.h - Vectors from and to halves -----------*- C++ -*-===//
//
// For sources that Highway compiles once per instruction set: loads and stores
// of the computed type, or of halves that are converted on the way.
//
//===----------------------------------------------------------------------===//
#if defined(ANEC_RUNTIME_SUPPORT_VECTORLOADS_INL_H) ==                         \
    defined(HWY_TARGET_TOGGLE)
#ifdef ANEC_RUNTIME_SUPPORT_VECTORLOADS_INL_H
#undef ANEC_RUNTIME_SUPPORT_VECTORLOADS_INL_H
#else
#define ANEC_RUNTIME_SUPPORT_VECTORLOADS_INL_H
#endif

#include "runtime/support/Half.h"

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
constexpr bool hasHalves = false;
#else
constexpr bool hasHalves = true;
#endif

template <class D> HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D> *from) {
  return hn::LoadU(d, from);
}

template <class D> HWY_INLINE hn::Vec<D> load(D d, const half *from) {
  using T = hn::TFromD<D>;
  if constexpr (hasHalves && sizeof(T) == 4) {
    const hn::Rebind<hwy::float16_t, D> dHalf;
    return hn::PromoteTo(
        d, hn::LoadU(dHalf, reinterpret_cast<const hwy::float16_t *>(from)));
  } else {
    HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
    for (size_t i = 0; i < hn::Lanes(d); ++i)
      lanes[i] = static_cast<T>(from[i]);
    return hn::Load(d, lanes);
  }
}

template <class D>
HWY_INLINE void store(D d, hn::Vec<D> numbers, hn::TFromD<D> *to) {
  hn::StoreU(numbers, d, to);
}

template <class D> HWY_INLINE void store(D d, hn::Vec<D> numbers, half *to) {
  using T = hn::TFromD<D>;
  if constexpr (hasHalves && sizeof(T) == 4) {
    const hn::Rebind<hwy::float16_t, D> dHalf;
    hn::StoreU(hn::DemoteTo(dHalf, numbers), dHalf,
               reinterpret_cast<hwy::float16_t *>(to));
  } else {
    HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
    hn::Store(numbers, d, lanes);
    for (size_t i = 0; i < hn::Lanes(d); ++i)
      to[i] = static_cast<half>(lanes[i]);
  }
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif // ANEC_RUNTIME_SUPPORT_VECTORLOADS_INL_H
