//===- FoldRows.cpp - Results that are narrower than their surface --------===//

#include "compiler/Kernels/FoldRows.h"

#include "compiler/Kernels/SurfaceLayout.h"
#include "compiler/Kernels/Zeros.h"
#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"

using namespace mlir;

namespace anec {

static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t outputWidth(int64_t columns, int64_t granule) {
  return ceilDiv(columns, granule) * granule;
}

int64_t foldedRows(int64_t rows, int64_t columns, int64_t width) {
  // A vector would be a block for each column: it is one row or none is folded.
  if (columns == 1)
    return rows <= width ? 1 : rows;
  return ceilDiv(rows, width / columns);
}

static Value join(OpBuilder &builder, ArrayRef<Value> values, uint32_t axis) {
  if (values.size() == 1)
    return values.front();
  return mil::ConcatOp::create(builder, values.front().getLoc(),
                               ValueRange(values), axis, /*interleave=*/false);
}

/// `value` with zeros behind it, `size` in all along `axis`.
static Value padded(OpBuilder &builder, Value value, unsigned axis,
                    int64_t size) {
  RankedTensorType type = typeOf(value);
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = size - shape[axis];
  if (shape[axis] == 0)
    return value;
  RankedTensorType rest = type.clone(shape);
  Value zeros = mil::ConstOp::create(
      builder, value.getLoc(), rest,
      DenseElementsAttr::get(rest,
                             builder.getFloatAttr(type.getElementType(), 0)),
      builder.getStringAttr(zerosFile(shape)));
  return join(builder, {value, zeros}, axis);
}

/// `rows` of `value` from `begin` on.
static Value block(OpBuilder &builder, Value value, int64_t begin,
                   int64_t rows) {
  int64_t columns = shapeOf(value)[3];
  SmallVector<int32_t> first = {0, static_cast<int32_t>(begin), 0, 0};
  SmallVector<int32_t> size = {1, static_cast<int32_t>(rows), 1,
                               static_cast<int32_t>(columns)};
  return mil::SliceBySizeOp::create(builder, value.getLoc(), value, first,
                                    size);
}

Value foldRows(OpBuilder &builder, Value value, int64_t width) {
  ArrayRef<int64_t> shape = shapeOf(value);
  int64_t rows = shape[1], columns = shape[3];
  int64_t blockRows = foldedRows(rows, columns, width);
  if (blockRows == rows)
    return padded(builder, value, 3, width);
  // Blocks of one row are how the rows follow each other anyway.
  if (blockRows == 1) {
    SmallVector<int32_t> flat = {1, 1, 1, static_cast<int32_t>(rows * columns)};
    return padded(builder,
                  mil::ReshapeOp::create(builder, value.getLoc(), value, flat),
                  3, width);
  }
  SmallVector<Value> blocks;
  for (int64_t begin = 0; begin < rows; begin += blockRows)
    blocks.push_back(
        padded(builder,
               block(builder, value, begin, std::min(blockRows, rows - begin)),
               1, blockRows));
  return padded(builder, join(builder, blocks, 3), 3, width);
}

} // namespace anec
