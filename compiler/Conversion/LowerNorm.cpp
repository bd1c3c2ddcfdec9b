//===- LowerNorm.cpp - nn.rms_norm and its gradients ----------------------===//
//
// A sum of squares leaves fp16 at rms 9.24 (768 features) and vanishes below
// rms 0.01. So each token is normalised twice: roughly, after scaling by 2^-6,
// then exactly, with eps scaled along. Right for rms 0.01 to 590.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"

#include <cmath>

using namespace mlir;

namespace anec {

namespace {

/// Moves rms 590 to where a sum of 768 squares is below 65504.
constexpr double preScale = 0x1p-6;
/// Keeps the rough mean square away from zero: the smallest normal fp16, since
/// smaller ones may be flushed.
constexpr double meanFloor = 0x1p-14;

/// The mean over the channels of x.
Value channelMean(KernelBuilder &kernel, Value x) {
  return kernel.scale(kernel.sum(x, /*axis=*/1), 1.0 / shapeOf(x)[1]);
}

struct Normalized {
  Value value;   ///< x / rms, [1,D,1,T].
  Value inverse; ///< 1 / rms, [1,1,1,T].
};

Normalized normalize(KernelBuilder &kernel, Value x, double eps) {
  // Rough: q is about 2^6 / rms, good enough to bring squares into range.
  Value small = kernel.scale(x, preScale);
  Value square = kernel.sum(kernel.mul(small, small), /*axis=*/1);
  Value mean = kernel.scale(square, 1.0 / shapeOf(x)[1]);
  Value rough = kernel.inverseRoot(kernel.add(mean, kernel.scalar(meanFloor)));
  Value near = kernel.mul(small, rough);
  // Exact: near = x * ratio, so eps becomes eps * ratio^2.
  Value ratio = kernel.scale(rough, preScale);
  Value root = kernel.scale(ratio, std::sqrt(eps));
  Value exactMean = channelMean(kernel, kernel.mul(near, near));
  Value rest =
      kernel.inverseRoot(kernel.add(exactMean, kernel.mul(root, root)));
  return {kernel.mul(near, rest), kernel.mul(ratio, rest)};
}

/// x - mean(x), with the sum in range for means up to 4e6 / channels.
Value centred(KernelBuilder &kernel, Value x) {
  Value sum = kernel.sum(kernel.scale(x, preScale), /*axis=*/1);
  return kernel.sub(x, kernel.scale(sum, 1 / (preScale * shapeOf(x)[1])));
}

/// nn.center(x) -> mil.sub(x, mean)
struct LowerCenter : LoweringPattern<nn::CenterOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::CenterOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    return SmallVector<Value>{centred(kernel, operands.getX().front())};
  }
};

/// nn.layer_norm(x, gain) -> normalised centred x * gain
struct LowerLayerNorm : LoweringPattern<nn::LayerNormOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::LayerNormOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    Normalized x = normalize(kernel, centred(kernel, operands.getX().front()),
                             op.getEps().convertToDouble());
    return SmallVector<Value>{kernel.mul(x.value, operands.getGain().front())};
  }
};

/// nn.rms_norm(x, gain) -> normalised x * gain, or without gain as it is
struct LowerRmsNorm : LoweringPattern<nn::RmsNormOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::RmsNormOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    Normalized x = normalize(kernel, operands.getX().front(),
                             op.getEps().convertToDouble());
    ValueRange gain = operands.getGain();
    return SmallVector<Value>{gain.empty() ? x.value
                                           : kernel.mul(x.value, gain.front())};
  }
};

/// nn.rms_norm_grad(x, gain, dy) -> (h - n * mean(h * n)) / rms, h = gain * dy
struct LowerRmsNormGrad : LoweringPattern<nn::RmsNormGradOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::RmsNormGradOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    Normalized x = normalize(kernel, operands.getX().front(),
                             op.getEps().convertToDouble());
    Value h = operands.getDy().front();
    if (ValueRange gain = operands.getGain(); !gain.empty())
      h = kernel.mul(h, gain.front());
    Value mean = channelMean(kernel, kernel.mul(h, x.value));
    Value centred = kernel.sub(h, kernel.mul(x.value, mean));
    return SmallVector<Value>{kernel.mul(centred, x.inverse)};
  }
};

/// nn.rms_norm_gain_grad(x, dy) -> normalised x * dy, summed over tokens
struct LowerRmsNormGainGrad : LoweringPattern<nn::RmsNormGainGradOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::RmsNormGainGradOp op, Operands operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    Normalized x = normalize(kernel, operands.getX().front(),
                             op.getEps().convertToDouble());
    Value each = kernel.mul(operands.getDy().front(), x.value);
    return SmallVector<Value>{kernel.sum(each, /*axis=*/3)};
  }
};

} // namespace

void populateNormPatterns(const LayoutConverter &layout,
                          RewritePatternSet &patterns) {
  patterns.add<LowerRmsNorm, LowerRmsNormGrad, LowerRmsNormGainGrad,
               LowerLayerNorm, LowerCenter>(layout, patterns.getContext());
}

} // namespace anec
