//===- NNGradients.cpp - One rule of calculus per op ----------------------===//
//
// Local calculus only: the nn-autodiff pass owns traversal, accumulation and
// zero gradients, and removes what nobody needs.
//
//===----------------------------------------------------------------------===//

#include "dialect/NN/NN.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace anec::nn;

using Grads = MutableArrayRef<Value>;

//===----------------------------------------------------------------------===//
// Element-wise
//===----------------------------------------------------------------------===//

/// The gradient of an operand that was the same along the leading dimensions:
/// `full` summed over them.
static FailureOr<Value> sumToShape(OpBuilder &builder, Operation *op,
                                   Value full, Type type) {
  if (full.getType() == type)
    return full;
  auto from = cast<RankedTensorType>(full.getType());
  if (from.getRank() == 3 && cast<RankedTensorType>(type).getRank() == 1)
    return SumTokensOp::create(builder, op->getLoc(), full).getResult();
  return op->emitOpError("has no gradient rule for a broadcast of ")
         << type << " to " << from;
}

// y = x * s(x)   =>   dx = dy * (s + y - y * s). In terms of y, so that only
// one sigmoid is left once equal ops are merged.
LogicalResult SiluOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                               Grads operandGrads) {
  Location loc = getLoc();
  Value s = SigmoidOp::create(builder, loc, getX());
  Value y = getY();
  // One op at a time: the order of arguments is the C++ compiler's choice.
  Value sum = AddOp::create(builder, loc, s, y);
  Value product = MulOp::create(builder, loc, y, s);
  Value slope = SubOp::create(builder, loc, sum, product);
  operandGrads[0] = MulOp::create(builder, loc, resultGrads[0], slope);
  return success();
}

// dx = dy * (y - y^2).
LogicalResult SigmoidOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                  Grads operandGrads) {
  Value square = MulOp::create(builder, getLoc(), getY(), getY());
  Value slope = SubOp::create(builder, getLoc(), getY(), square);
  operandGrads[0] = MulOp::create(builder, getLoc(), resultGrads[0], slope);
  return success();
}

// dx = dy - dy * y^2.
LogicalResult TanhOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                               Grads operandGrads) {
  Value square = MulOp::create(builder, getLoc(), getY(), getY());
  Value lost = MulOp::create(builder, getLoc(), resultGrads[0], square);
  operandGrads[0] = SubOp::create(builder, getLoc(), resultGrads[0], lost);
  return success();
}

LogicalResult ReluOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                               Grads operandGrads) {
  operandGrads[0] =
      ReluGradOp::create(builder, getLoc(), getY(), resultGrads[0]);
  return success();
}

// y = x / 2 * (1 + t), t = tanh(c * (x + a * x^3))   =>
// dx = dy / 2 * (1 + t + c * (v + 3 * a * v * x * x)), v = x * (1 - t^2).
//
// In this order v is 0 before x * x leaves fp16. The operands of tanh are
// those of the lowering, so that equal ops are merged.
LogicalResult GeluOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                               Grads operandGrads) {
  Location loc = getLoc();
  auto mul = [&](Value x, Value y) -> Value {
    return MulOp::create(builder, loc, x, y);
  };
  auto add = [&](Value x, Value y) -> Value {
    return AddOp::create(builder, loc, x, y);
  };
  auto scale = [&](Value x, double factor) -> Value {
    return ScaleOp::create(builder, loc, x.getType(), x,
                           builder.getF64FloatAttr(factor));
  };
  Value x = getX();
  Value cube = mul(mul(x, x), x);
  Value inner = scale(add(x, scale(cube, geluCubic)), geluSlope);
  Value t = TanhOp::create(builder, loc, inner);
  Value v = SubOp::create(builder, loc, x, mul(mul(x, t), t));
  Value bent = scale(mul(mul(v, x), x), 3 * geluCubic);
  Value slope = add(t, scale(add(v, bent), geluSlope));
  Value dy = resultGrads[0];
  operandGrads[0] = scale(add(dy, mul(dy, slope)), 0.5);
  return success();
}

// dx = dy * y.
LogicalResult ExpOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                              Grads operandGrads) {
  operandGrads[0] = MulOp::create(builder, getLoc(), resultGrads[0], getY());
  return success();
}

LogicalResult ScaleOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                Grads operandGrads) {
  operandGrads[0] = ScaleOp::create(builder, getLoc(), getX().getType(),
                                    resultGrads[0], getFactorAttr());
  return success();
}

LogicalResult AddOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                              Grads operandGrads) {
  FailureOr<Value> dy =
      sumToShape(builder, *this, resultGrads[0], getY().getType());
  if (failed(dy))
    return failure();
  operandGrads[0] = resultGrads[0];
  operandGrads[1] = *dy;
  return success();
}

LogicalResult SubOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                              Grads operandGrads) {
  Value negative =
      ScaleOp::create(builder, getLoc(), resultGrads[0].getType(),
                      resultGrads[0], builder.getF64FloatAttr(-1.0));
  FailureOr<Value> dy = sumToShape(builder, *this, negative, getY().getType());
  if (failed(dy))
    return failure();
  operandGrads[0] = resultGrads[0];
  operandGrads[1] = *dy;
  return success();
}

// dx = dz * y,   dy = dz * x.
LogicalResult MulOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                              Grads operandGrads) {
  Value dz = resultGrads[0];
  Value full = MulOp::create(builder, getLoc(), dz, getX());
  FailureOr<Value> dy = sumToShape(builder, *this, full, getY().getType());
  if (failed(dy))
    return failure();
  operandGrads[0] = MulOp::create(builder, getLoc(), dz, getY());
  operandGrads[1] = *dy;
  return success();
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

// y = x * w^T   =>   dx = dy * w,   dw = dy^T * x.
LogicalResult LinearOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                 Grads operandGrads) {
  Value dy = resultGrads[0];
  operandGrads[0] = MatmulOp::create(builder, getLoc(), dy, getWeight(),
                                     /*transpose_a=*/false);
  operandGrads[1] =
      MatmulOp::create(builder, getLoc(), dy, getX(), /*transpose_a=*/true);
  return success();
}

// y = a * b       =>   da = dy * b^T,    db = a^T * dy.
// y = a^T * b     =>   da = b * dy^T,    db = a * dy.
LogicalResult MatmulOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                 Grads operandGrads) {
  Location loc = getLoc();
  Value dy = resultGrads[0];
  if (getTransposeA()) {
    operandGrads[0] = LinearOp::create(builder, loc, getB(), dy);
    operandGrads[1] =
        MatmulOp::create(builder, loc, getA(), dy, /*transpose_a=*/false);
    return success();
  }
  operandGrads[0] = LinearOp::create(builder, loc, dy, getB());
  operandGrads[1] =
      MatmulOp::create(builder, loc, getA(), dy, /*transpose_a=*/true);
  return success();
}

LogicalResult RmsNormOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                  Grads operandGrads) {
  if (!getGain())
    return emitOpError("without a gain has no gradient: kernels come later");
  Value dy = resultGrads[0];
  operandGrads[0] = RmsNormGradOp::create(builder, getLoc(), getX().getType(),
                                          getX(), getGain(), dy, getEpsAttr());
  operandGrads[1] =
      RmsNormGainGradOp::create(builder, getLoc(), getX(), dy, getEpsAttr());
  return success();
}

// y = rms_norm(center(x)): the mean of squares of what is centred is the
// variance.
LogicalResult LayerNormOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    Grads operandGrads) {
  Value dy = resultGrads[0];
  Value centred = CenterOp::create(builder, getLoc(), getX());
  Value dcentred = RmsNormGradOp::create(builder, getLoc(), centred.getType(),
                                         centred, getGain(), dy, getEpsAttr());
  operandGrads[0] = CenterOp::create(builder, getLoc(), dcentred);
  operandGrads[1] =
      RmsNormGainGradOp::create(builder, getLoc(), centred, dy, getEpsAttr());
  return success();
}

LogicalResult CenterOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                 Grads operandGrads) {
  operandGrads[0] = CenterOp::create(builder, getLoc(), resultGrads[0]);
  return success();
}

// A rotation: its transpose is its inverse.
LogicalResult RopeOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                               Grads operandGrads) {
  operandGrads[0] =
      RopeOp::create(builder, getLoc(), getX().getType(), resultGrads[0],
                     getHeadDimAttr(), getThetaAttr(), getStyleAttr(),
                     getInverse() ? UnitAttr() : builder.getUnitAttr());
  return success();
}

LogicalResult EmbeddingOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    Grads operandGrads) {
  operandGrads[1] = EmbeddingGradOp::create(
      builder, getLoc(), getTable().getType(), getTokens(), resultGrads[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

LogicalResult AttentionOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                    Grads operandGrads) {
  auto grad = AttentionGradOp::create(
      builder, getLoc(), getQ().getType(), getK().getType(), getV().getType(),
      getQ(), getK(), getV(), resultGrads[0], getHeadsAttr(), getKvHeadsAttr(),
      getCausalAttr());
  operandGrads[0] = grad.getDq();
  operandGrads[1] = grad.getDk();
  operandGrads[2] = grad.getDv();
  return success();
}

LogicalResult SoftmaxOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                                  Grads operandGrads) {
  operandGrads[0] =
      SoftmaxGradOp::create(builder, getLoc(), getY(), resultGrads[0]);
  return success();
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

LogicalResult CrossEntropyOp::buildVJP(OpBuilder &builder,
                                       ValueRange resultGrads,
                                       Grads operandGrads) {
  operandGrads[0] =
      CrossEntropyGradOp::create(builder, getLoc(), getLogits().getType(),
                                 getLogits(), getTargets(), resultGrads[0]);
  return success();
}

LogicalResult MseOp::buildVJP(OpBuilder &builder, ValueRange resultGrads,
                              Grads operandGrads) {
  Value dx = MseGradOp::create(builder, getLoc(), getX().getType(), getX(),
                               getTarget(), resultGrads[0]);
  operandGrads[0] = dx;
  operandGrads[1] = ScaleOp::create(builder, getLoc(), dx.getType(), dx,
                                    builder.getF64FloatAttr(-1.0));
  return success();
}
