//===- BlasTile.cpp - The inner kernel as a call of a library -------------===//
//
// Larger tiles than registers hold, since each costs a call; sums go to memory
// and from there to C as those of other kernels do.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/BlasKernels.h"

#include <algorithm>
#include <cassert>

namespace anec::rt::gemm_detail {

/// Whole vectors of every instruction set, and tiles of 16 and 32 numbers.
constexpr int64_t width = 192, maxRows = 128;
/// Tiles have a multiple of so many rows and columns, some of them of numbers
/// that nobody wrote: a library may round what is at an edge in another way, so
/// that a product and its transpose would differ.
constexpr int64_t together = 16;

static void multiply(int64_t depth, const float *a, int64_t aStride,
                     const float *b, const TileResult<float> &result) {
  BlasProduct product;
  product.rows = ceilDiv(result.rows, together) * together;
  product.columns = ceilDiv(result.columns, together) * together;
  product.depth = depth;
  product.a = a;
  product.aStride = aStride;
  product.b = b;
  product.bStride = width;
  product.continues = result.continues;
  product.c = result.partial;
  product.cStride = width;
  accelerateProduct()(product);
}

static void tile(int64_t depth, const float *a, int64_t aStride, const float *b,
                 Prefetch & /*next*/, const TileResult<float> &result) {
  assert(width % bestTiles<float>().width == 0 && "whole tiles of vectors");
  if (depth > 0)
    multiply(depth, a, aStride, b, result);
  else if (!result.continues)
    std::fill_n(result.partial, result.rows * width, 0.0F);
  if (result.isComplete)
    finishTile(result.partial, width, result);
}

const Tiles<float> &blasTiles() {
  static constexpr Tiles<float> tiles = {maxRows, width, &tile, &finishTile,
                                         together};
  return tiles;
}

} // namespace anec::rt::gemm_detail
