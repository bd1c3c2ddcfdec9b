//===- LowerLinear.cpp - nn.linear and nn.matmul --------------------------===//
//
// With tokens on the last axis a weight is always the left operand, so nothing
// is transposed but the weight, by a flag.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"

using namespace mlir;

namespace anec {

namespace {

/// nn.linear(x, w) -> mil.matmul(w, x)
struct LowerLinear : LoweringPattern<nn::LinearOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::LinearOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    return SmallVector<Value>{kernel.applyMatrix(operands.getWeight().front(),
                                                 operands.getX().front(),
                                                 /*transposed=*/false)};
  }
};

/// nn.matmul(a, b) -> mil.matmul(b, a), b transposed
struct LowerMatmul : LoweringPattern<nn::MatmulOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::MatmulOp op, Operands operands,
                     OpBuilder &builder) const override {
    if (op.getTransposeA())
      return op.emitOpError("with transpose_a is host work; it has no device "
                            "form");
    KernelBuilder kernel(builder, op.getLoc());
    return SmallVector<Value>{kernel.applyMatrix(operands.getB().front(),
                                                 operands.getA().front(),
                                                 /*transposed=*/true)};
  }
};

} // namespace

void populateLinearPatterns(const LayoutConverter &layout,
                            RewritePatternSet &patterns) {
  patterns.add<LowerLinear, LowerMatmul>(layout, patterns.getContext());
}

} // namespace anec
