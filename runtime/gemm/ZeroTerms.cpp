//===- ZeroTerms.cpp - Terms of products that need no sum -----------------===//
//
// Numbers are told from their bits, in the operands as they are: what is left
// out is not packed either.
//
//===----------------------------------------------------------------------===//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/gemm/ZeroTerms.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/gemm/Blocking.h"
#include "runtime/gemm/ZeroTerms.h"

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::gemm_detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The bits of a number: `exponent` is set where it is infinite or none.
template <typename T> struct Number {
  using Bits = T;
  T sign, exponent;
};
constexpr Number<uint16_t> f16 = {0x8000, 0x7C00};
constexpr Number<uint32_t> f32 = {0x80000000, 0x7F800000};
constexpr Number<uint64_t> f64 = {0x8000000000000000, 0x7FF0000000000000};

/// Calls function(number) with the type of a matrix.
template <class Function>
auto withNumber(MatrixType type, const Function &function) {
  return type == MatrixType::F16   ? function(f16)
         : type == MatrixType::F32 ? function(f32)
                                   : function(f64);
}

template <typename Bits>
bool areZero(Number<Bits> number, const Bits *bits, int64_t count) {
  const hn::ScalableTag<Bits> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto sign = hn::Set(d, number.sign);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    if (!hn::AllTrue(
            d, hn::Eq(hn::AndNot(sign, hn::LoadU(d, bits + i)), hn::Zero(d))))
      return false;
  for (; i < count; ++i)
    if ((bits[i] & Bits(~number.sign)) != 0)
      return false;
  return true;
}

/// The elements of a term side by side in memory.
template <typename Bits>
Terms usedAcross(Number<Bits> number, const Bits *bits, int64_t termStride,
                 int64_t width, int64_t depth) {
  const auto isZero = [&](int64_t term) {
    return areZero(number, bits + term * termStride, width);
  };
  Terms used{0, depth};
  while (used.begin < used.end && isZero(used.begin))
    ++used.begin;
  while (used.end > used.begin && isZero(used.end - 1))
    --used.end;
  return used;
}

/// The terms side by side in memory: as many as a vector has lanes at a time.
template <typename Bits>
Terms usedAlong(Number<Bits> number, const Bits *bits, int64_t rowStride,
                int64_t width, int64_t depth) {
  const int64_t step = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<Bits>()));
  const int64_t steps = ceilDiv(depth, step);
  int64_t begin = steps, end = 0;
  for (int64_t i = 0; i < width && end - begin < steps; ++i) {
    const Bits *row = bits + i * rowStride;
    const auto isZero = [&](int64_t s) {
      return areZero(number, row + s * step, std::min(step, depth - s * step));
    };
    int64_t first = 0, last = steps;
    while (first < begin && isZero(first))
      ++first;
    while (last > std::max(first, end) && isZero(last - 1))
      --last;
    begin = std::min(begin, first);
    end = std::max(end, last);
  }
  if (begin >= end)
    return Terms();
  return {begin * step, std::min(end * step, depth)};
}

Terms usedTermsOf(const ConstMatrix &from, int64_t width, int64_t depth) {
  return withNumber(from.type, [&](auto number) {
    const auto *bits =
        static_cast<const typename decltype(number)::Bits *>(from.data);
    if (from.rowStride == 1)
      return usedAcross(number, bits, from.columnStride, width, depth);
    if (from.columnStride == 1)
      return usedAlong(number, bits, from.rowStride, width, depth);
    return Terms{0, depth};
  });
}

template <typename Bits>
bool areFinite(Number<Bits> number, const Bits *bits, int64_t stride,
               int64_t count) {
  const hn::ScalableTag<Bits> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto exponent = hn::Set(d, number.exponent);
  // 0 where all bits of the exponent are set.
  auto least = exponent;
  int64_t i = 0;
  for (; stride == 1 && i + lanes <= count; i += lanes)
    least = hn::Min(least, hn::AndNot(hn::LoadU(d, bits + i), exponent));
  if (!hn::AllFalse(d, hn::Eq(least, hn::Zero(d))))
    return false;
  for (; i < count; ++i)
    if ((~bits[i * stride] & number.exponent) == 0)
      return false;
  return true;
}

bool isFiniteMatrix(const ConstMatrix &a, int64_t rows, int64_t columns) {
  // Along memory where that is possible.
  const bool byRows = a.columnStride <= a.rowStride;
  const int64_t lines = byRows ? rows : columns;
  const int64_t length = byRows ? columns : rows;
  const int64_t stride = byRows ? a.columnStride : a.rowStride;
  const int64_t apart = byRows ? a.rowStride : a.columnStride;
  return withNumber(a.type, [&](auto number) {
    const auto *bits =
        static_cast<const typename decltype(number)::Bits *>(a.data);
    for (int64_t i = 0; i < lines; ++i)
      if (!areFinite(number, bits + i * apart, stride, length))
        return false;
    return true;
  });
}

} // namespace anec::rt::gemm_detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt::gemm_detail {

HWY_EXPORT(usedTermsOf);
HWY_EXPORT(isFiniteMatrix);

Terms usedTerms(const ConstMatrix &from, int64_t width, int64_t depth) {
  return HWY_DYNAMIC_DISPATCH(usedTermsOf)(from, width, depth);
}

bool isFinite(const ConstMatrix &matrix, int64_t rows, int64_t columns) {
  return HWY_DYNAMIC_DISPATCH(isFiniteMatrix)(matrix, rows, columns);
}

} // namespace anec::rt::gemm_detail
#endif // HWY_ONCE
