//===- LowerWitness.cpp - nn.overflow_witness -----------------------------===//
//
// Each value is reduced to one number a token before they meet, so that nothing
// large is kept for it.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"

using namespace mlir;

namespace anec {

namespace {

/// nn.overflow_witness(x..) -> mil.maximum of mil.reduce_max(mil.abs(x)), over
/// all channels, for each token
struct LowerOverflowWitness : LoweringPattern<nn::OverflowWitnessOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::OverflowWitnessOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    int64_t features = shapeOf(op.getY())[2];
    int64_t tokens = shapeOf(op.getY())[0] * shapeOf(op.getY())[1];
    Value largest;
    for (ValueRange value : operands.getValues()) {
      Value each = magnitudes(kernel, value);
      largest = largest ? kernel.maximum(largest, each) : each;
    }
    // A sum with zeros repeats the row, by a broadcast that ran on devices.
    Value zeros = kernel.zeros({1, features, 1, tokens});
    return SmallVector<Value>{kernel.add(zeros, largest)};
  }

private:
  /// The largest magnitude of each token, [1, 1, 1, T]: of an activation
  /// [1, D, 1, T], or of scores, [1, H, S, S] for each element of the batch.
  static Value magnitudes(KernelBuilder &kernel, ValueRange value) {
    SmallVector<Value> batch;
    for (Value each : value)
      batch.push_back(kernel.largest(kernel.magnitude(asComputed(each))));
    return kernel.concat(batch, 3);
  }

  /// `x` before reshapes that leave its tokens on the last axis: how the rest
  /// is cut up does not matter to a maximum over all of it.
  static Value asComputed(Value x) {
    auto reshape = x.getDefiningOp<mil::ReshapeOp>();
    if (!reshape || shapeOf(reshape.getX()).size() != 4 ||
        shapeOf(reshape.getX())[0] != 1 ||
        shapeOf(reshape.getX())[3] != shapeOf(x)[3])
      return x;
    return asComputed(reshape.getX());
  }
};

} // namespace

void populateWitnessPatterns(const LayoutConverter &layout,
                             RewritePatternSet &patterns) {
  patterns.add<LowerOverflowWitness>(layout, patterns.getContext());
}

} // namespace anec
