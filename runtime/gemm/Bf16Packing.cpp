//===- Bf16Packing.cpp - Operands of products, rounded to bf16 ------------===//
//
// A few terms at a time are packed in f32 and rounded while they are in the
// first cache: as numbers of f32, or as pairs along the terms.
//
//===----------------------------------------------------------------------===//
// Those of Tile.cpp, whose widths the rows of panels have.
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/gemm/Bf16Packing.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/gemm/Blocking.h"
#include "runtime/gemm/Kernels.h"

#include <algorithm>
#include <cassert>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::gemm_detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Terms that are rounded at a time: an even number.
constexpr int64_t roundedTerms = 64;

/// Numbers rounded to bf16, to nearest even, in the upper halves of the lanes;
/// the lower halves are undefined. Half a unit is added below, less one where
/// the number is even; what overflows becomes infinity. NaN becomes quiet, or
/// it could end as infinity.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> round(D d, const float *from) {
  const hn::RebindToUnsigned<D> dBits;
  const auto number = hn::LoadU(d, from);
  const auto bits = hn::BitCast(dBits, number);
  const auto odd =
      hn::And(hn::ShiftRight<16>(bits), hn::Set(dBits, uint32_t(1)));
  const auto rounded =
      hn::Add(bits, hn::Add(odd, hn::Set(dBits, uint32_t(0x7FFF))));
  const auto quiet = hn::Or(bits, hn::Set(dBits, uint32_t(0x400000)));
  return hn::IfThenElse(hn::RebindMask(dBits, hn::IsNaN(number)), quiet,
                        rounded);
}

template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>>
upperHalf(D, hn::Vec<hn::RebindToUnsigned<D>> bits) {
  return hn::And(bits, hn::Set(hn::RebindToUnsigned<D>(), 0xFFFF0000U));
}

/// A vector's worth of numbers, in place.
template <class D> HWY_INLINE void roundInPlace(D d, float *numbers) {
  hn::StoreU(hn::BitCast(d, upperHalf(d, round(d, numbers))), d, numbers);
}

/// The same of pairs: of each, the first from `even`, the second from `odd`.
template <class D>
HWY_INLINE void roundPairs(D d, const float *even, const float *odd,
                           Bf16Pair *pairs) {
  const hn::RebindToUnsigned<D> dBits;
  hn::StoreU(
      hn::Or(hn::ShiftRight<16>(round(d, even)), upperHalf(d, round(d, odd))),
      dBits, &pairs->bits);
}

/// Calls function(d, i) with vectors that cover [0, count): whole rows of a
/// panel, with what is undefined in them. Their length is a multiple of four
/// wherever vectors are that long.
template <class Function>
HWY_INLINE void forVectors(int64_t count, const Function &function) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 4> dFour;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    function(d, i);
  for (; i < count; i += static_cast<int64_t>(hn::Lanes(dFour)))
    function(dFour, i);
}

void packRounded(const ConstMatrix &from, int64_t width, int64_t depth,
                 int64_t stride, float *panel) {
  const PackFunction<float> pack = bestPacking<float>().pack;
  for (int64_t p = 0; p < depth; p += roundedTerms) {
    const int64_t terms = std::min(roundedTerms, depth - p);
    float *numbers = panel + p * stride;
    pack(offset(from, 0, p), width, terms, stride, numbers);
    forVectors(terms * stride,
               [&](auto d, int64_t i) { roundInPlace(d, numbers + i); });
  }
}

void packPairs(const ConstMatrix &from, int64_t width, int64_t depth,
               int64_t stride, Bf16Pair *panel) {
  constexpr int64_t maxStride = 64;
  assert(stride <= maxStride && stride % 4 == 0 && "not the row of a panel");
  const PackFunction<float> pack = bestPacking<float>().pack;
  HWY_ALIGN float numbers[roundedTerms * maxStride];
  for (int64_t p = 0; p < depth; p += roundedTerms) {
    const int64_t terms = std::min(roundedTerms, depth - p);
    pack(offset(from, 0, p), width, terms, stride, numbers);
    if (terms % 2 != 0)
      std::fill_n(numbers + terms * stride, width, 0.0F);
    for (int64_t q = 0; q < terms; q += 2) {
      const float *even = numbers + q * stride;
      Bf16Pair *pairs = panel + (p + q) / 2 * stride;
      forVectors(stride, [&](auto d, int64_t i) {
        roundPairs(d, even + i, even + stride + i, pairs + i);
      });
    }
  }
}

const Packing<float> *roundedPacking() {
  static constexpr Packing<float> packing = {&packRounded};
  return &packing;
}

const Packing<Bf16Pair> *pairPacking() {
  static constexpr Packing<Bf16Pair> packing = {&packPairs};
  return &packing;
}

} // namespace anec::rt::gemm_detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt::gemm_detail {

HWY_EXPORT(roundedPacking);
HWY_EXPORT(pairPacking);

const Packing<float> &bestRoundedPacking() {
  static const Packing<float> *packing = HWY_DYNAMIC_DISPATCH(roundedPacking)();
  return *packing;
}

template <> const Packing<Bf16Pair> &bestPacking() {
  static const Packing<Bf16Pair> *packing = HWY_DYNAMIC_DISPATCH(pairPacking)();
  return *packing;
}

} // namespace anec::rt::gemm_detail
#endif // HWY_ONCE
