//===- NNShapeOps.cpp - Inference and gradients of shape ops --------------===//

#include "dialect/NN/NN.h"
#include "dialect/NN/NNOperands.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace anec::nn;

using Inferred = SmallVectorImpl<Type>;
using Grads = MutableArrayRef<Value>;

/// Sizes that are written; larger ones are mistakes and would overflow.
static constexpr int64_t largestSize = int64_t(1) << 30;

/// The type of `value`, when `dim` is a dimension that these ops know.
static FailureOr<RankedTensorType> activationAlong(std::optional<Location> loc,
                                                   StringRef name, Value value,
                                                   int64_t dim) {
  if (dim != 1 && dim != 2) // slice_c1, pad_c1, concat_c1, reduce_c1, expand_c1
    return emitOptionalError(
        loc, "expects dim 1, the sequence, or 2, the features, but got ", dim);
  return activation(loc, name, value);
}

static RankedTensorType resized(RankedTensorType type, int64_t dim,
                                int64_t size) {
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] = size;
  return type.clone(shape);
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> loc,
                                            Adaptor adaptor,
                                            Inferred &inferred) {
  auto x = activation(loc, "x", adaptor.getX());
  if (failed(x))
    return failure();
  inferred.push_back(
      x->clone({x->getDimSize(0), x->getDimSize(2), x->getDimSize(1)}));
  return success();
}

LogicalResult ReshapeOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor, Inferred &inferred) {
  auto x = activation(loc, "x", adaptor.getX());
  if (failed(x))
    return failure();
  int64_t elements = x->getDimSize(1) * x->getDimSize(2);
  int64_t sequence = adaptor.getSequence();
  if (sequence < 1 || elements % sequence) // reshape_c1
    return emitOptionalError(loc, "expects a sequence that divides ", elements,
                             " elements, but got ", sequence);
  inferred.push_back(x->clone(
      {x->getDimSize(0), sequence, elements / sequence})); // reshape_c2
  return success();
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *,
                                        std::optional<Location> loc,
                                        Adaptor adaptor, Inferred &inferred) {
  int64_t dim = adaptor.getDim(), begin = adaptor.getBegin();
  int64_t size = adaptor.getSize();
  auto x = activationAlong(loc, "x", adaptor.getX(), dim);
  if (failed(x))
    return failure();
  int64_t all = x->getDimSize(dim);
  if (begin < 0 || size < 1 || size > all || begin > all - size) // slice_c2
    return emitOptionalError(loc, "expects a slice inside ", all,
                             " elements, but got ", size, " from ", begin,
                             " on");
  inferred.push_back(resized(*x, dim, size));
  return success();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *,
                                      std::optional<Location> loc,
                                      Adaptor adaptor, Inferred &inferred) {
  int64_t dim = adaptor.getDim(), begin = adaptor.getBegin();
  int64_t size = adaptor.getSize();
  auto x = activationAlong(loc, "x", adaptor.getX(), dim);
  if (failed(x))
    return failure();
  if (begin < 0 || size > largestSize ||
      begin > size - x->getDimSize(dim)) // pad_c2
    return emitOptionalError(loc, "expects room for ", x->getDimSize(dim),
                             " elements from ", begin, " on, but got ", size,
                             " in all");
  inferred.push_back(resized(*x, dim, size));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor, Inferred &inferred) {
  int64_t dim = adaptor.getDim();
  auto a = activationAlong(loc, "a", adaptor.getA(), dim);
  auto b = activationAlong(loc, "b", adaptor.getB(), dim);
  if (failed(a) || failed(b))
    return failure();
  if (resized(*a, dim, b->getDimSize(dim)).getShape() !=
      b->getShape()) // concat_c2
    return emitOptionalError(loc, "expects equal dimensions but ", dim,
                             ", but got ", *a, " and ", *b);
  inferred.push_back(resized(*a, dim, a->getDimSize(dim) + b->getDimSize(dim)));
  return success();
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor, Inferred &inferred) {
  auto x = activationAlong(loc, "x", adaptor.getX(), adaptor.getDim());
  if (failed(x))
    return failure();
  inferred.push_back(resized(*x, adaptor.getDim(), 1));
  return success();
}

LogicalResult ExpandOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor, Inferred &inferred) {
  int64_t dim = adaptor.getDim(), size = adaptor.getSize();
  auto x = activationAlong(loc, "x", adaptor.getX(), dim);
  if (failed(x))
    return failure();
  if (x->getDimSize(dim) != 1) // expand_c1
    return emitOptionalError(loc, "expects dimension ", dim,
                             " of x to be 1, but got ", x->getDimSize(dim));
  if (size < 1 || size > largestSize) // expand_c2
    return emitOptionalError(loc, "expects a size from 1 to ", largestSize,
                             ", but got ", size);
  inferred.push_back(resized(*x, dim, size));
  return success();
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

static int64_t sizeAlong(Value value, int64_t dim) {
  return cast<RankedTensorType>(value.getType()).getDimSize(dim);
}

LogicalResult TransposeOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    Grads operandGrads) {
  operandGrads[0] = TransposeOp::create(builder, getLoc(), resultGrads[0]);
  return success();
}

LogicalResult ReshapeOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                  Grads operandGrads) {
  operandGrads[0] = ReshapeOp::create(builder, getLoc(), resultGrads[0],
                                      sizeAlong(getX(), 1));
  return success();
}

LogicalResult SliceOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                Grads operandGrads) {
  operandGrads[0] = PadOp::create(builder, getLoc(), resultGrads[0], getDim(),
                                  getBegin(), sizeAlong(getX(), getDim()));
  return success();
}

LogicalResult PadOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                              Grads operandGrads) {
  operandGrads[0] = SliceOp::create(builder, getLoc(), resultGrads[0], getDim(),
                                    getBegin(), sizeAlong(getX(), getDim()));
  return success();
}

LogicalResult ConcatOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                 Grads operandGrads) {
  int64_t first = sizeAlong(getA(), getDim());
  operandGrads[0] = SliceOp::create(builder, getLoc(), resultGrads[0], getDim(),
                                    /*begin=*/0, first);
  operandGrads[1] = SliceOp::create(builder, getLoc(), resultGrads[0], getDim(),
                                    first, sizeAlong(getB(), getDim()));
  return success();
}

LogicalResult ReduceOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                 Grads operandGrads) {
  operandGrads[0] = ExpandOp::create(builder, getLoc(), resultGrads[0],
                                     getDim(), sizeAlong(getX(), getDim()));
  return success();
}

LogicalResult ExpandOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                 Grads operandGrads) {
  operandGrads[0] =
      ReduceOp::create(builder, getLoc(), resultGrads[0], getDim());
  return success();
}
