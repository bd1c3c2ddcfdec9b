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

/// exp for floats from -87.33 to 0, of which most are: what softmax, cross
/// entropy and sigmoid ask for. A third of the instructions of hn::Exp, which
/// also reaches 88 and subnormal results. Within 2 units in the last place.
template <class D, class V = hn::Vec<D>> HWY_INLINE V expOfNegative(D d, V x) {
  const hn::RebindToSigned<D> dBits;
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
  const V q = hn::MulAdd(hn::Mul(r, r), p, r);
  constexpr int bias = 127, mantissaBits = 23;
  const V power =
      hn::BitCast(d, hn::ShiftLeft<mantissaBits>(hn::Add(
                         hn::BitCast(dBits, shifted), hn::Set(dBits, bias))));
  return hn::MulAdd(q, power, power);
}

/// exp over the whole range: infinity at one end, 0 instead of subnormal
/// results, which take a hundred cycles, at the other; NaN stays.
template <class D, class V = hn::Vec<D>> HWY_INLINE V expOf(D d, V x) {
  using T = hn::TFromD<D>;
  const V highest = hn::Set(d, sizeof(T) == 4 ? T(88.72) : T(709.7));
  const V lowest = hn::Set(d, sizeof(T) == 4 ? T(-87.33) : T(-708.3));
  // Masked scores, mostly whole vectors of them.
  if (hn::AllTrue(d, hn::Lt(x, lowest)))
    return hn::Zero(d);
  if constexpr (sizeof(T) == 4)
    if (hn::AllTrue(d, hn::Le(x, hn::Zero(d))))
      return hn::IfThenZeroElse(hn::Lt(x, lowest),
                                expOfNegative(d, hn::Max(x, lowest)));
  const V inside = hn::Max(hn::Min(x, highest), lowest);
  V y = hn::Exp(d, inside);
  const V limit =
      hn::Set(d, sizeof(T) == 4 ? T(88.7228394) : T(709.782712893384));
  y = hn::IfThenElse(hn::Gt(x, limit),
                     hn::Set(d, std::numeric_limits<T>::infinity()), y);
  y = hn::IfThenZeroElse(hn::Lt(x, lowest), y);
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif // ANEC_RUNTIME_VECTOR_EXPONENTIAL_INL_H
