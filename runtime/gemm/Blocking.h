//===- Blocking.h - The fixed sizes products are cut into -------*- C++ -*-===//
//
// Shared by products and packed operands: both must cut alike. No size depends
// on the number of threads.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_BLOCKING_H
#define ANEC_RUNTIME_GEMM_BLOCKING_H

#include "runtime/gemm/Gemm.h"

namespace anec::rt::gemm_detail {

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Cuts `size` into equal parts of at most `limit`; the length of one.
inline int64_t evenPart(int64_t size, int64_t limit) {
  return ceilDiv(size, ceilDiv(size, limit));
}

inline int64_t elementBytes(MatrixType type) {
  return type == MatrixType::F16 ? 2 : type == MatrixType::F32 ? 4 : 8;
}

/// The view from element (row, column) on.
inline ConstMatrix offset(const ConstMatrix &matrix, int64_t row,
                          int64_t column) {
  ConstMatrix moved = matrix;
  const int64_t elements =
      row * matrix.rowStride + column * matrix.columnStride;
  moved.data = static_cast<const uint8_t *>(matrix.data) +
               elements * elementBytes(matrix.type);
  return moved;
}
inline Matrix offset(const Matrix &matrix, int64_t row, int64_t column) {
  Matrix moved = matrix;
  const int64_t elements =
      row * matrix.rowStride + column * matrix.columnStride;
  moved.data = static_cast<uint8_t *>(matrix.data) +
               elements * elementBytes(matrix.type);
  return moved;
}

} // namespace anec::rt::gemm_detail

#endif // ANEC_RUNTIME_GEMM_BLOCKING_H
