//===- FinishTile.cpp - Sums in memory to where they go -------------------===//
//
// Kernels whose sums are not in vectors hand them to the one that has them
// there: C and what is made beside it are written in one place.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Kernels.h"

#include <algorithm>

namespace anec::rt::gemm_detail {

/// The part of a result from (row, column) on, of at most so many of both.
static TileResult<float> partOf(const TileResult<float> &result, int64_t row,
                                int64_t rows, int64_t column, int64_t columns) {
  TileResult<float> part = result;
  part.c = offset(result.c, row, column);
  part.rows = std::min(rows, result.rows - row);
  part.columns = std::min(columns, result.columns - column);
  if (result.dots)
    part.with = result.with + row * result.withStride + column;
  return part;
}

void finishTile(const float *sums, int64_t stride,
                const TileResult<float> &result) {
  constexpr int64_t maxWidth = 64;
  const Tiles<float> &tiles = bestTiles<float>();
  float dots[maxWidth], square = 0;
  double squares = 0;
  if (result.dots)
    std::fill_n(result.dots, result.columns, 0.0F);
  for (int64_t row = 0; row < result.rows; row += tiles.maxRows)
    for (int64_t column = 0; column < result.columns; column += tiles.width) {
      TileResult<float> part =
          partOf(result, row, tiles.maxRows, column, tiles.width);
      part.dots = result.dots ? dots : nullptr;
      part.squares = result.squares ? &square : nullptr;
      tiles.finish(sums + row * stride + column, stride, part);
      for (int64_t j = 0; result.dots && j < part.columns; ++j)
        result.dots[column + j] += dots[j];
      squares += double(square);
    }
  if (result.squares)
    *result.squares = static_cast<float>(squares);
}

} // namespace anec::rt::gemm_detail
