//===- BlasKernels.h - Products of tiles by a library -----------*- C++ -*-===//
//
// Internal to runtime/gemm. What an operand is, what becomes of a result and
// what threads do stays ours; a library multiplies panels of f32.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_BLASKERNELS_H
#define ANEC_RUNTIME_GEMM_BLASKERNELS_H

#include "runtime/gemm/Kernels.h"

#include <cstdint>

namespace anec::rt::gemm_detail {

/// C = A^T * B, or C += A^T * B: a [depth, rows], b [depth, columns] and
/// c [rows, columns] with rows of so many numbers.
struct BlasProduct {
  int64_t rows, columns, depth;
  const float *a;
  int64_t aStride;
  const float *b;
  int64_t bStride;
  bool continues;
  float *c;
  int64_t cStride;
};

/// Computes one on the calling thread. Sizes are positive; c is not read unless
/// it is added to.
using BlasFunction = void (*)(const BlasProduct &product);

/// That of macOS; null elsewhere.
BlasFunction accelerateProduct();

/// Tiles whose sums `accelerateProduct` computes; only where there is one.
const Tiles<float> &blasTiles();

} // namespace anec::rt::gemm_detail

#endif // ANEC_RUNTIME_GEMM_BLASKERNELS_H
