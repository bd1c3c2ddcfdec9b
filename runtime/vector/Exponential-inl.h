//===- Exponential-inl.h - e^x of vectors -----------------------*- C++ -*-===//
//
// For sources that Highway compiles once per instruction set.
//
//===----------------------------------------------------------------------===//
#if defined(ANEC_RUNTIME_VECTOR_EXPONENTIAL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ANEC_RUNTIME_VECTOR_EXPONENTIAL_INL_H
#undef ANEC_RUNTIME_VECTOR_EXPONENTIAL_INL_H
#else
#define ANEC_RUNTIME_VECTOR_EXPONENTIAL_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// e^x = 2^n (1 + q) for floats from -87.33 to 89.
template <class D> struct ExponentialParts {
  /// n plus a multiple of 2^9.
  hn::Vec<hn::RebindToSigned<D>> n;
  hn::Vec<D> q;
};

template <class D, class V = hn::Vec<D>>
HWY_INLINE ExponentialParts<D> partsOfExponential(D d, V x) {
  // Added to a small number, leaves it rounded in the lowest bits.
  const V shift = hn::Set(d, 0x1.8p23F);
  const V shifted = hn::MulAdd(x, hn::Set(d, 0x1.715476p0F), shift);
  const V n = hn::Sub(shifted, shift);
  // r = x - n ln 2, ln 2 in two parts, n times the first of which is exact.
  V r = hn::NegMulAdd(n, hn::Set(d, 0x1.63p-1F), x);
  r = hn::NegMulAdd(n, hn::Set(d, -0x1.bd0106p-13F), r);
  // (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, a minimax fit of e^r.
  V p = hn::MulAdd(r, hn::Set(d, 0x1.6a2352p-10F), hn::Set(d, 0x1.123a6cp-7F));
  p = hn::MulAdd(r, p, hn::Set(d, 0x1.5558f4p-5F));
  p = hn::MulAdd(r, p, hn::Set(d, 0x1.55549p-3F));
  p = hn::MulAdd(r, p, hn::Set(d, 0x1.fffffcp-2F));
  return {hn::BitCast(hn::RebindToSigned<D>(), shifted),
          hn::MulAdd(hn::Mul(r, r), p, r)};
}

/// 2^n (1 + q)
template <class D>
HWY_INLINE hn::Vec<D> scaledPower(D d, const ExponentialParts<D> &parts) {
  constexpr int bias = 127, mantissaBits = 23;
  const hn::RebindToSigned<D> dBits;
  const auto power = hn::BitCast(
      d, hn::ShiftLeft<mantissaBits>(hn::Add(parts.n, hn::Set(dBits, bias))));
  return hn::MulAdd(parts.q, power, power);
}

/// exp for floats from -87.33 to 0, of which most are: what softmax, cross
/// entropy and sigmoid ask for. Within 2 units in the last place.
template <class D, class V = hn::Vec<D>> HWY_INLINE V expOfNegative(D d, V x) {
  return scaledPower(d, partsOfExponential(d, x));
}

/// The same bits for these, and the others: 2^128 is no float, so that positive
/// ones are computed as halves of what they are.
template <class D, class V = hn::Vec<D>> HWY_INLINE V expOfFloats(D d, V x) {
  const hn::RebindToSigned<D> dBits;
  const auto isPositive = hn::Gt(x, hn::Zero(d));
  ExponentialParts<D> parts = partsOfExponential(d, x);
  parts.n =
      hn::Sub(parts.n, hn::IfThenElseZero(hn::RebindMask(dBits, isPositive),
                                          hn::Set(dBits, 1)));
  const V y = scaledPower(d, parts);
  return hn::IfThenElse(isPositive, hn::Add(y, y), y);
}

template <class D, class V = hn::Vec<D>> HWY_INLINE V expOfDoubles(D d, V x) {
  const double infinity = std::numeric_limits<double>::infinity();
  const V y = hn::Exp(d, hn::Min(x, hn::Set(d, 709.7)));
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, 709.782712893384)),
                        hn::Set(d, infinity), y);
}

/// exp over the whole range: infinity at one end, 0 instead of subnormal
/// results, which take a hundred cycles, at the other; NaN stays. The same bits
/// whatever else is in a vector.
template <class D, class V = hn::Vec<D>> HWY_INLINE V expOf(D d, V x) {
  using T = hn::TFromD<D>;
  const V lowest = hn::Set(d, sizeof(T) == 4 ? T(-87.33) : T(-708.3));
  // Masked scores, mostly whole vectors of them.
  const auto isTiny = hn::Lt(x, lowest);
  if (hn::AllTrue(d, isTiny))
    return hn::Zero(d);
  V y;
  if constexpr (sizeof(T) == 8)
    y = expOfDoubles(d, hn::Max(x, lowest));
  else if (hn::AllTrue(d, hn::Le(x, hn::Zero(d))))
    return hn::IfThenZeroElse(isTiny, expOfNegative(d, hn::Max(x, lowest)));
  else
    y = expOfFloats(d, hn::Max(hn::Min(x, hn::Set(d, 89.0F)), lowest));
  return hn::IfThenElse(hn::Eq(x, x), hn::IfThenZeroElse(isTiny, y), x);
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif // ANEC_RUNTIME_VECTOR_EXPONENTIAL_INL_H
