//===- LowerShape.cpp - Movement and sums along a dimension ---------------===//
//
// Features are axis 1. The sequences of a batch lie side by side on axis 3:
// what touches positions cuts them apart and puts them together again.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace anec {

namespace {

constexpr int64_t features = 2; ///< The dimension of nn that is axis 1.

/// [1, D, 1, B * S] in parts [1, D, 1, S].
SmallVector<Value> sequencesOf(KernelBuilder &kernel, Value x, int64_t batch) {
  int64_t length = shapeOf(x)[3] / batch;
  SmallVector<Value> parts;
  for (int64_t b = 0; b < batch; ++b)
    parts.push_back(kernel.slice(x, 3, b * length, length));
  return parts;
}

/// `change` of each sequence, side by side again.
template <typename Change>
Value forEachSequence(KernelBuilder &kernel, Value x, int64_t batch,
                      const Change &change) {
  SmallVector<Value> parts = sequencesOf(kernel, x, batch);
  for (Value &part : parts)
    part = change(part);
  return kernel.concat(parts, 3);
}

/// [1, D, 1, T] -> [1, T, 1, D].
Value turned(KernelBuilder &kernel, Value x) {
  int64_t rows = shapeOf(x)[1], columns = shapeOf(x)[3];
  Value matrix = kernel.reshape(x, {1, 1, rows, columns});
  return kernel.reshape(kernel.transpose(matrix, {0, 1, 3, 2}),
                        {1, columns, 1, rows});
}

template <typename OpTy> struct LowerShapeOp : LoweringPattern<OpTy> {
  using LoweringPattern<OpTy>::LoweringPattern;

  DeviceValues lower(OpTy op, typename LoweringPattern<OpTy>::Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    int64_t batch = shapeOf(op->getResult(0))[0];
    return SmallVector<Value>{
        compute(kernel, op,
                llvm::to_vector(llvm::map_range(
                    operands.getOperands(),
                    [](ValueRange range) { return range.front(); })),
                batch)};
  }

private:
  static Value compute(KernelBuilder &kernel, OpTy op, ArrayRef<Value> x,
                       int64_t batch);
};

/// nn.transpose(x) -> mil.transpose of each sequence
template <>
Value LowerShapeOp<nn::TransposeOp>::compute(KernelBuilder &kernel,
                                             nn::TransposeOp, ArrayRef<Value> x,
                                             int64_t batch) {
  return forEachSequence(kernel, x[0], batch,
                         [&](Value part) { return turned(kernel, part); });
}

/// nn.reshape(x) -> mil.reshape between two mil.transpose: row by row means
/// feature by feature
template <>
Value LowerShapeOp<nn::ReshapeOp>::compute(KernelBuilder &kernel,
                                           nn::ReshapeOp op, ArrayRef<Value> x,
                                           int64_t) {
  ArrayRef<int64_t> shape = shapeOf(op.getY());
  Value rows = kernel.reshape(turned(kernel, x[0]),
                              {1, shape[0] * shape[1], 1, shape[2]});
  return turned(kernel, rows);
}

/// nn.slice(x) -> mil.slice_by_size
template <>
Value LowerShapeOp<nn::SliceOp>::compute(KernelBuilder &kernel, nn::SliceOp op,
                                         ArrayRef<Value> x, int64_t batch) {
  int64_t begin = op.getBegin(), size = op.getSize();
  if (op.getDim() == features)
    return kernel.slice(x[0], 1, begin, size);
  return forEachSequence(kernel, x[0], batch, [&](Value part) {
    return kernel.slice(part, 3, begin, size);
  });
}

/// x between zeros along `axis`.
Value padded(KernelBuilder &kernel, Value x, int64_t axis, int64_t begin,
             int64_t size) {
  SmallVector<Value> parts;
  auto addZeros = [&](int64_t count) {
    SmallVector<int64_t> shape(shapeOf(x));
    shape[axis] = count;
    if (count > 0)
      parts.push_back(kernel.zeros(shape));
  };
  addZeros(begin);
  parts.push_back(x);
  addZeros(size - begin - shapeOf(x)[axis]);
  return kernel.concat(parts, axis);
}

/// nn.pad(x) -> mil.concat with zeros
template <>
Value LowerShapeOp<nn::PadOp>::compute(KernelBuilder &kernel, nn::PadOp op,
                                       ArrayRef<Value> x, int64_t batch) {
  int64_t begin = op.getBegin(), size = op.getSize();
  if (op.getDim() == features)
    return padded(kernel, x[0], 1, begin, size);
  return forEachSequence(kernel, x[0], batch, [&](Value part) {
    return padded(kernel, part, 3, begin, size);
  });
}

/// nn.concat(a, b) -> mil.concat
template <>
Value LowerShapeOp<nn::ConcatOp>::compute(KernelBuilder &kernel,
                                          nn::ConcatOp op, ArrayRef<Value> x,
                                          int64_t batch) {
  if (op.getDim() == features)
    return kernel.concat({x[0], x[1]}, 1);
  SmallVector<Value> parts;
  for (auto [a, b] : llvm::zip_equal(sequencesOf(kernel, x[0], batch),
                                     sequencesOf(kernel, x[1], batch)))
    parts.append({a, b});
  return kernel.concat(parts, 3);
}

/// nn.reduce(x) -> mil.reduce_sum
template <>
Value LowerShapeOp<nn::ReduceOp>::compute(KernelBuilder &kernel,
                                          nn::ReduceOp op, ArrayRef<Value> x,
                                          int64_t batch) {
  if (op.getDim() == features)
    return kernel.sum(x[0], 1);
  int64_t rows = shapeOf(x[0])[1], columns = shapeOf(x[0])[3];
  Value sums =
      kernel.sum(kernel.reshape(x[0], {1, rows, batch, columns / batch}), 3);
  return kernel.reshape(sums, {1, rows, 1, batch});
}

/// nn.expand(x) -> mil.add of zeros: a broadcast that ran on devices
template <>
Value LowerShapeOp<nn::ExpandOp>::compute(KernelBuilder &kernel,
                                          nn::ExpandOp op, ArrayRef<Value> x,
                                          int64_t batch) {
  int64_t rows = shapeOf(x[0])[1], columns = shapeOf(x[0])[3];
  int64_t size = op.getSize();
  if (op.getDim() == features)
    return kernel.add(kernel.zeros({1, size, 1, columns}), x[0]);
  Value each = kernel.reshape(x[0], {1, rows, batch, 1});
  Value filled = kernel.add(kernel.zeros({1, rows, batch, size}), each);
  return kernel.reshape(filled, {1, rows, 1, batch * size});
}

/// nn.permute_features(x) -> mil.concat of mil.slice_by_size, one for each run
/// of features that stay neighbours
struct LowerPermuteFeatures : LoweringPattern<nn::PermuteFeaturesOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::PermuteFeaturesOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    ArrayRef<int64_t> order = op.getOrder();
    SmallVector<Value> runs;
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      for (end = begin + 1;
           end < order.size() && order[end] == order[end - 1] + 1;)
        ++end;
      runs.push_back(kernel.slice(operands.getX().front(), 1, order[begin],
                                  int64_t(end - begin)));
    }
    return SmallVector<Value>{kernel.concat(runs, 1)};
  }
};

} // namespace

void populateShapePatterns(const LayoutConverter &layout,
                           RewritePatternSet &patterns) {
  patterns.add<LowerShapeOp<nn::TransposeOp>, LowerShapeOp<nn::ReshapeOp>,
               LowerShapeOp<nn::SliceOp>, LowerShapeOp<nn::PadOp>,
               LowerShapeOp<nn::ConcatOp>, LowerShapeOp<nn::ReduceOp>,
               LowerShapeOp<nn::ExpandOp>, LowerPermuteFeatures>(
      layout, patterns.getContext());
}

} // namespace anec
