//===- LowerWitness.cpp - nn.overflow_witness -----------------------------===//
//
// Each value is reduced to one number a token before they meet, so that nothing
// large is kept for it. Where nothing but proven forms will do, a norm takes
// the place of the maximum.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"
#include "runtime/target/Profile.h"

using namespace mlir;

namespace anec {

namespace {

/// A number for every token, also of matrices alone, which have one: a sum with
/// zeros, by a broadcast that ran on devices.
Value forTokens(KernelBuilder &kernel, Value row, int64_t tokens) {
  if (shapeOf(row)[3] == tokens)
    return row;
  return kernel.add(kernel.zeros({1, 1, 1, tokens}), row);
}

/// nn.overflow_witness(x..) -> mil.maximum of mil.reduce_max(mil.abs(x)), over
/// all channels, for each token; over all of a matrix
struct LowerOverflowWitness : LoweringPattern<nn::OverflowWitnessOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::OverflowWitnessOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    int64_t tokens = shapeOf(op.getY())[0] * shapeOf(op.getY())[1];
    Value largest;
    for (auto [value, logical] :
         llvm::zip_equal(operands.getValues(), op.getValues())) {
      bool isMatrix = cast<RankedTensorType>(logical.getType()).getRank() == 2;
      Value each = isMatrix ? ofMatrix(kernel, value.front())
                            : magnitudes(kernel, value);
      largest = largest ? kernel.maximum(largest, each) : each;
    }
    return SmallVector<Value>{forTokens(kernel, largest, tokens)};
  }

private:
  /// The largest magnitude of a matrix [1, 1, O, I], [1, 1, 1, 1].
  static Value ofMatrix(KernelBuilder &kernel, Value matrix) {
    return kernel.peak(kernel.largest(kernel.magnitude(matrix)), 3);
  }

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

/// nn.overflow_witness(x..) -> 2^15 * (sum (x / 2^15)^32)^(1/32), over all
/// values and channels, for each token
///
/// In operators that trained models: mul, reduce_sum and pow of one row. The
/// norm is at least the largest of n magnitudes, and at most n^(1/32) times
/// that (1.27 for n = 2048): what overflows is always seen, and so are values
/// that all come within that factor of it. Below 19,000 the powers vanish and
/// the witness is 0; from 46,341 on they are infinite, and so is the witness.
/// Five squarings in fp16 are within 31 * 2^-11, their root within 2^-11.
struct LowerOverflowNorm : LoweringPattern<nn::OverflowWitnessOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::OverflowWitnessOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    int64_t tokens = shapeOf(op.getY())[0] * shapeOf(op.getY())[1];
    Value sum;
    for (auto [value, logical] :
         llvm::zip_equal(operands.getValues(), op.getValues())) {
      Value each = powers(kernel, value);
      // Of a matrix, so far one for each row.
      if (cast<RankedTensorType>(logical.getType()).getRank() == 2)
        each = kernel.sum(each, /*axis=*/3);
      sum = sum ? kernel.add(sum, each) : each;
    }
    Value norm = kernel.scale(kernel.power(sum, 1.0 / (1 << squarings)), unit);
    return SmallVector<Value>{forTokens(kernel, norm, tokens)};
  }

private:
  static constexpr int squarings = 5;
  /// Where the device's products become infinite (num-matmul-sat).
  static constexpr double unit = 0x1p15;

  /// The sum of the powers for each token, [1, 1, 1, T].
  static Value powers(KernelBuilder &kernel, ValueRange value) {
    SmallVector<Value> batch;
    for (Value x : value) {
      // In two steps: 2^-15 itself is subnormal, and some chips flush it.
      x = kernel.scale(kernel.scale(x, 0x1p-8), 0x1p8 / unit);
      for (int i = 0; i < squarings; ++i)
        x = kernel.mul(x, x);
      if (shapeOf(x)[1] > 1)
        x = kernel.sum(x, /*axis=*/1);
      // Of scores, over columns: that form is proven.
      if (int64_t rows = shapeOf(x)[2]; rows > 1)
        x = kernel.reshape(kernel.sum(x, /*axis=*/3), {1, 1, 1, rows});
      batch.push_back(x);
    }
    return kernel.concat(batch, 3);
  }
};

} // namespace

void populateWitnessPatterns(const LayoutConverter &layout,
                             const rt::target::Profile &profile,
                             RewritePatternSet &patterns) {
  // Of the maximum, no operator is in a form that trained a model, and the
  // one over two axes in none that ran.
  if (profile.refuses(rt::target::Rule::ProvenOnly))
    patterns.add<LowerOverflowNorm>(layout, patterns.getContext());
  else
    patterns.add<LowerOverflowWitness>(layout, patterns.getContext());
}

} // namespace anec
