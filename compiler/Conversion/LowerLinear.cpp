//===- LowerLinear.cpp - nn.linear and nn.matmul --------------------------===//
//
// With tokens on the last axis a weight is always the left operand, so nothing
// is transposed but the weight, by a flag; its gradient is a product of two
// activations along that axis.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "compiler/Kernels/WorkMarks.h"
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
/// features of a; with transpose_a -> mil.matmul(a, b), b transposed
struct LowerMatmul : LoweringPattern<nn::MatmulOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::MatmulOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getTransposeA()
                                      ? weightGradient(op.getLoc())
                                      : op.getLoc());
    Value matrix = operands.getB().front(), x = operands.getA().front();
    if (op.getTransposeA())
      return SmallVector<Value>{kernel.matmul(
          asMatrix(kernel, x), asMatrix(kernel, matrix), false, true)};
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

private:
  /// [1,D,1,T] -> [1,1,D,T]
  static Value asMatrix(KernelBuilder &kernel, Value x) {
    return kernel.reshape(x, {1, 1, shapeOf(x)[1], shapeOf(x)[3]});
  }
};

} // namespace

void populateLinearPatterns(const LayoutConverter &layout,
                            RewritePatternSet &patterns) {
  patterns.add<LowerLinear, LowerMatmul>(layout, patterns.getContext());
}

} // namespace anec
