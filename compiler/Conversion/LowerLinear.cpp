//===- LowerLinear.cpp - nn.linear and nn.matmul --------------------------===//
//
// With tokens on the last axis a weight is always the left operand, so nothing
// is transposed but the weight, by a flag.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"
#include "runtime/target/Profile.h"

#include <algorithm>

using namespace mlir;
using anec::rt::target::Rule;
using anec::rt::target::strictProfile;

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

/// nn.matmul(a, b) -> mil.matmul(b, a), b transposed, for parts of the
/// features of a
struct LowerMatmul : LoweringPattern<nn::MatmulOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::MatmulOp op, Operands operands,
                     OpBuilder &builder) const override {
    if (op.getTransposeA())
      return op.emitOpError("with transpose_a is host work; it has no device "
                            "form");
    KernelBuilder kernel(builder, op.getLoc());
    Value matrix = operands.getB().front(), x = operands.getA().front();
    // More than one product can add up on the device, such as the classes of a
    // classifier, are summed in parts.
    int64_t terms = shapeOf(x)[1];
    int64_t most = strictProfile().limit(Rule::Dim16384);
    Value sum;
    for (int64_t begin = 0; begin < terms; begin += most) {
      int64_t size = std::min(most, terms - begin);
      Value part = kernel.applyMatrix(kernel.slice(matrix, 2, begin, size),
                                      kernel.slice(x, 1, begin, size),
                                      /*transposed=*/true);
      sum = sum ? kernel.add(sum, part) : part;
    }
    return SmallVector<Value>{sum};
  }
};

} // namespace

void populateLinearPatterns(const LayoutConverter &layout,
                            RewritePatternSet &patterns) {
  patterns.add<LowerLinear, LowerMatmul>(layout, patterns.getContext());
}

} // namespace anec
