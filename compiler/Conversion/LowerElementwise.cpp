//===- LowerElementwise.cpp - nn element-wise ops and softmax -------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace mlir;

namespace anec {

namespace {

/// nn.op(x) -> mil.op(x) on each device value
template <typename NNOp, typename MILOp>
struct LowerUnary : LoweringPattern<NNOp> {
  using LoweringPattern<NNOp>::LoweringPattern;

  DeviceValues lower(NNOp op, typename LoweringPattern<NNOp>::Operands operands,
                     OpBuilder &builder) const override {
    SmallVector<Value> results;
    for (Value x : operands.getX())
      results.push_back(MILOp::create(builder, op.getLoc(), x));
    return results;
  }
};

/// nn.op(x, y) -> mil.op(x, y) on each device value
///
/// y is of the same shape, a vector over the features of an activation, or a
/// [S,S] matrix under scores; in the device layout all of these broadcast.
template <typename NNOp, typename MILOp>
struct LowerBinary : LoweringPattern<NNOp> {
  using LoweringPattern<NNOp>::LoweringPattern;

  DeviceValues lower(NNOp op, typename LoweringPattern<NNOp>::Operands operands,
                     OpBuilder &builder) const override {
    auto xType = cast<RankedTensorType>(op.getX().getType());
    auto yType = cast<RankedTensorType>(op.getY().getType());
    int64_t xRank = xType.getRank(), yRank = yType.getRank();
    if (xType != yType && !(xRank == 3 && yRank == 1) &&
        !(xRank == 4 && yRank == 2))
      return op.emitOpError("has no device form for operands of rank ")
             << xRank << " and " << yRank
             << "; expects equal types, a vector under an activation or a "
                "matrix under scores";
    SmallVector<Value> results;
    ValueRange ys = operands.getY();
    for (auto [i, x] : llvm::enumerate(operands.getX()))
      results.push_back(MILOp::create(builder, op.getLoc(), x,
                                      ys.size() == 1 ? ys.front() : ys[i]));
    return results;
  }
};

/// nn.scale(x) -> mil.mul(x, factor)
struct LowerScale : LoweringPattern<nn::ScaleOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::ScaleOp op, Operands operands,
                     OpBuilder &builder) const override {
    double factor = op.getFactor().convertToDouble();
    // 65520 is the first number that rounds to infinity, 2^-25 the last to 0.
    if (std::abs(factor) >= 65520 ||
        (factor != 0 && std::abs(factor) <= std::ldexp(1.0, -25)))
      return op.emitOpError("expects a factor that fp16 can hold, but got ")
             << factor;
    KernelBuilder kernel(builder, op.getLoc());
    SmallVector<Value> results;
    for (Value x : operands.getX())
      results.push_back(kernel.scale(x, factor));
    return results;
  }
};

/// nn.silu(x) -> mil.mul(x, mil.sigmoid(x))
///
/// Not `mil.silu`: the backward rule reuses sigmoid(x).
struct LowerSilu : LoweringPattern<nn::SiluOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::SiluOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    SmallVector<Value> results;
    for (Value x : operands.getX())
      results.push_back(
          kernel.mul(x, mil::SigmoidOp::create(builder, op.getLoc(), x)));
    return results;
  }
};

/// nn.gelu(x) -> x * (1 + mil.tanh(c * (x + a * x^3))) / 2
///
/// Not `mil.gelu`, which devices refuse. Where x^3 leaves fp16 tanh is 1.
struct LowerGelu : LoweringPattern<nn::GeluOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::GeluOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    SmallVector<Value> results;
    for (Value x : operands.getX()) {
      Value cube = kernel.mul(kernel.mul(x, x), x);
      Value sum = kernel.add(x, kernel.scale(cube, nn::geluCubic));
      Value inner = kernel.scale(sum, nn::geluSlope);
      Value t = mil::TanhOp::create(builder, op.getLoc(), inner);
      results.push_back(kernel.scale(kernel.add(x, kernel.mul(x, t)), 0.5));
    }
    return results;
  }
};

/// nn.relu_grad(y, dy) -> dy * min(1, relu(y) * 2^32)
///
/// Without a comparison, which has no proven form: multiplied twice by the
/// largest fp16 number, the smallest positive one is above 1.
struct LowerReluGrad : LoweringPattern<nn::ReluGradOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::ReluGradOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    constexpr double largest = 65504;
    SmallVector<Value> results;
    for (auto [y, dy] : llvm::zip_equal(operands.getY(), operands.getDy())) {
      Value positive = mil::ReluOp::create(builder, op.getLoc(), y);
      // Negative, because there is a maximum and no minimum.
      Value grown = kernel.scale(kernel.scale(positive, -largest), largest);
      Value minusStep = kernel.maximum(grown, kernel.scalar(-1));
      results.push_back(kernel.mul(dy, kernel.scale(minusStep, -1)));
    }
    return results;
  }
};

/// nn.scale_tokens(x, weights) -> mil.mul(x, weights), which broadcasts
struct LowerScaleTokens : LoweringPattern<nn::ScaleTokensOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::ScaleTokensOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    return SmallVector<Value>{
        kernel.mul(operands.getX().front(), operands.getWeights().front())};
  }
};

/// nn.peak(x) -> mil.reduce_max(x) over channels
struct LowerPeak : LoweringPattern<nn::PeakOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::PeakOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    return SmallVector<Value>{kernel.peak(operands.getX().front(), /*axis=*/1)};
  }
};

/// nn.sum_tokens(x) -> mil.reduce_sum(x) over tokens
struct LowerSumTokens : LoweringPattern<nn::SumTokensOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::SumTokensOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    return SmallVector<Value>{kernel.sum(operands.getX().front(), /*axis=*/3)};
  }
};

/// The device axis of the last logical dimension: features are channels.
template <typename NNOp> static int32_t lastAxis(NNOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  return type.getRank() == 3 ? 1 : -1;
}

/// Softmax over the channels of [1,V,1,T]. Along channels the device refuses
/// most sizes, so they go to the last axis, filled up to whole rows of a
/// surface with what adds nothing to the sum.
Value softmaxOfChannels(KernelBuilder &kernel, Value x) {
  constexpr int64_t granule = 32;
  int64_t features = shapeOf(x)[1], tokens = shapeOf(x)[3];
  Value rows = kernel.transpose(kernel.reshape(x, {1, 1, features, tokens}));
  if (int64_t rest = features % granule) {
    Value filler = kernel.table(
        {1, 1, tokens, granule - rest},
        llvm::formatv("weights/lowest_{0}x{1}.bin", tokens, granule - rest)
            .str(),
        [](int64_t) { return -65504; });
    rows = kernel.concat({rows, filler}, 3);
  }
  Value p = kernel.slice(kernel.softmax(rows, -1), 3, 0, features);
  return kernel.reshape(kernel.transpose(p), {1, features, 1, tokens});
}

/// nn.softmax(x) -> mil.softmax(x) along the last axis
struct LowerSoftmax : LoweringPattern<nn::SoftmaxOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::SoftmaxOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    SmallVector<Value> results;
    for (Value x : operands.getX())
      results.push_back(lastAxis(op) == 1 ? softmaxOfChannels(kernel, x)
                                          : kernel.softmax(x, -1));
    return results;
  }
};

/// nn.softmax_grad(y, dy) -> y * (dy - reduce_sum(y * dy))
struct LowerSoftmaxGrad : LoweringPattern<nn::SoftmaxGradOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::SoftmaxGradOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    SmallVector<Value> results;
    for (auto [y, dy] : llvm::zip_equal(operands.getY(), operands.getDy())) {
      Value mean = kernel.sum(kernel.mul(y, dy), lastAxis(op));
      results.push_back(kernel.mul(y, kernel.sub(dy, mean)));
    }
    return results;
  }
};

/// nn.weighted_log_loss_grad(p, w) -> p * reduce_sum(w) - w
struct LowerWeightedLogLossGrad : LoweringPattern<nn::WeightedLogLossGradOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::WeightedLogLossGradOp, Operands operands,
                     OpBuilder &builder) const override {
    Value p = operands.getP().front(), weights = operands.getWeights().front();
    KernelBuilder kernel(builder, p.getLoc());
    Value total = kernel.sum(weights, /*axis=*/1);
    return SmallVector<Value>{kernel.sub(kernel.mul(p, total), weights)};
  }
};

} // namespace

void populateElementwisePatterns(const LayoutConverter &layout,
                                 RewritePatternSet &patterns) {
  patterns.add<
      LowerBinary<nn::AddOp, mil::AddOp>, LowerBinary<nn::SubOp, mil::SubOp>,
      LowerBinary<nn::MulOp, mil::MulOp>,
      LowerUnary<nn::SigmoidOp, mil::SigmoidOp>,
      LowerUnary<nn::TanhOp, mil::TanhOp>, LowerUnary<nn::ReluOp, mil::ReluOp>,
      LowerReluGrad, LowerGelu, LowerScale, LowerSilu, LowerSoftmax,
      LowerSoftmaxGrad, LowerWeightedLogLossGrad, LowerSumTokens,
      LowerScaleTokens, LowerPeak>(layout, patterns.getContext());
}

} // namespace anec
