//===- Kernels.h - The parts of the matrix product --------------*- C++ -*-===//
//
// What is compiled once per instruction set: packing and the inner kernel.
// Blocking and threads are in Gemm.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_KERNELS_H
#define ANEC_RUNTIME_GEMM_KERNELS_H

#include "runtime/gemm/Gemm.h"

namespace anec::rt::gemm_detail {

/// Writes a panel of `width` vectors of length `depth`, element (i, p) at
/// `panel[p * stride + i]`. `from` addresses them as rows: (i, p) is at
/// `i * rowStride + p * columnStride`. Elements from `width` to `stride` are
/// undefined.
template <typename T>
using PackFunction = void (*)(const ConstMatrix &from, int64_t width,
                              int64_t depth, int64_t stride, T *panel);

/// The same in halves, each rounded once to nearest even. Nothing is written
/// outside of the elements (i, p), so that others may write beside them.
using PackHalvesFunction = void (*)(const ConstMatrix &from, int64_t width,
                                    int64_t depth, int64_t stride, half *panel);

/// tile[i * width + j] = sum over p of a[p * aStride + i] * b[p * width + j]
/// for i < `rows`, with `width` from the table; added to the tile when it
/// `continues`.
template <typename T>
using TileFunction = void (*)(int64_t rows, int64_t depth, const T *a,
                              int64_t aStride, const T *b, T *tile,
                              bool continues);

/// c = alpha * tile, or c += alpha * tile, for `rows` x `columns` elements,
/// each rounded once.
template <typename T>
using StoreFunction = void (*)(const T *tile, int64_t rows, int64_t columns,
                               T alpha, bool accumulate, const Matrix &c);

template <typename T> struct Kernels {
  /// Tallest tile and the width of every tile.
  int64_t maxRows, width;
  PackFunction<T> pack;
  TileFunction<T> tile;
  StoreFunction<T> store;
  /// Null for double.
  PackHalvesFunction packHalves;
};

/// Those of the best instruction set of this machine.
const Kernels<float> &floatKernels();
const Kernels<double> &doubleKernels();

} // namespace anec::rt::gemm_detail

#endif // ANEC_RUNTIME_GEMM_KERNELS_H
