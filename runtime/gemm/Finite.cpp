//===- Finite.cpp - Matrices without inf and NaN --------------------------===//
//
// An exponent of ones is inf or NaN.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Finite.h"

#include "runtime/gemm/Blocking.h"

namespace anec::rt::gemm_detail {

namespace {

template <typename Bits>
bool areFinite(const void *numbers, int64_t count, int64_t stride,
               Bits exponent) {
  const Bits *bits = static_cast<const Bits *>(numbers);
  Bits specials = 0;
  int64_t i = 0;
  // A length that compilers know becomes vectors.
  constexpr int64_t group = 64;
  for (; stride == 1 && i + group <= count; i += group)
    for (int64_t j = 0; j < group; ++j)
      specials |= Bits((bits[i + j] & exponent) == exponent);
  for (; i < count; ++i)
    specials |= Bits((bits[i * stride] & exponent) == exponent);
  return specials == 0;
}

} // namespace

bool isFinite(const ConstMatrix &a, int64_t rows, int64_t columns) {
  // Along memory where that is possible.
  const bool byRows = a.columnStride <= a.rowStride;
  const int64_t lines = byRows ? rows : columns;
  const int64_t length = byRows ? columns : rows;
  const int64_t stride = byRows ? a.columnStride : a.rowStride;
  for (int64_t i = 0; i < lines; ++i) {
    const void *line = offset(a, byRows ? i : 0, byRows ? 0 : i).data;
    const bool finite =
        a.type == MatrixType::F16
            ? areFinite<uint16_t>(line, length, stride, 0x7C00)
        : a.type == MatrixType::F32
            ? areFinite<uint32_t>(line, length, stride, 0x7F800000)
            : areFinite<uint64_t>(line, length, stride, 0x7FF0000000000000);
    if (!finite)
      return false;
  }
  return true;
}

} // namespace anec::rt::gemm_detail
