//===- LowerOptimizer.cpp - nn.adamw and nn.row_squares -------------------===//
//
// In operators that were compared on hardware, each in a form that ran: mul,
// add and sub as in programs that trained, real_div of one shape, sqrt and
// maximum. Two of them were in ane-train's Adam.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"
#include "runtime/bundle/Plan.h"

using namespace mlir;

namespace anec {

namespace {

static_assert(rt::updateFactors == nn::adamwFactors);

/// The smallest normal number of fp16: what divides is at least that.
constexpr double smallestNormal = 0x1p-14;

/// See the op; matrices [1, O, 1, I], factors [1, 7, 1, I].
struct LowerAdamw : OpConversionPattern<nn::AdamwOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(nn::AdamwOp op, OpAdaptor in,
                  ConversionPatternRewriter &rewriter) const override {
    KernelBuilder k(rewriter, op.getLoc());
    // One after the other: the text must not depend on who compiles this.
    SmallVector<Value> factors;
    for (int64_t row = 0; row < nn::adamwFactors; ++row)
      factors.push_back(k.slice(in.getFactors(), /*axis=*/1, row, 1));
    auto factor = [&](rt::UpdateFactor which) {
      return factors[int64_t(which)];
    };
    using F = rt::UpdateFactor;
    Value g = k.mul(in.getGradient(), factor(F::Gradient));
    g = k.mul(g, factor(F::GradientAgain));
    Value lag = k.sub(g, in.getMean());
    Value mean = k.add(in.getMean(), k.mul(lag, factor(F::MeanShare)));
    Value root = nextRoot(k, in.getRoot(), g, factor(F::SquareShare));
    Value step = k.quotient(mean, k.add(root, factor(F::Epsilon)));
    step = k.mul(step, factor(F::Step));
    Value change = k.add(step, k.mul(in.getWeight(), factor(F::Decay)));
    Value rest = k.sub(in.getRest(), change);
    Value weight = k.add(in.getWeight(), k.scale(rest, 1 / rt::restUnit));
    Value moved = k.scale(k.sub(weight, in.getWeight()), rt::restUnit);
    Value missed = k.sub(rest, moved);
    rewriter.replaceOp(op, {weight, missed, mean, root});
    return success();
  }

private:
  /// sqrt(root^2 + share (g^2 - root^2)) over what is at most 1, so that no
  /// square leaves fp16; root itself where g is as large.
  static Value nextRoot(KernelBuilder &k, Value root, Value g, Value share) {
    Value magnitude = k.magnitude(g);
    Value top = k.maximum(root, magnitude);
    top = k.add(top, k.scalar(smallestNormal));
    Value old = k.quotient(root, top);
    Value now = k.quotient(magnitude, top);
    old = k.mul(old, old);
    Value gain = k.sub(k.mul(now, now), old);
    Value square = k.add(old, k.mul(gain, share));
    return k.mul(k.squareRoot(square), top);
  }
};

/// nn.row_squares(x) -> p = mil.reduce_max(|x|) + 2^-14,
///                      mil.reduce_sum((x / p)^2), both over columns
struct LowerRowSquares : OpConversionPattern<nn::RowSquaresOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(nn::RowSquaresOp op, OpAdaptor in,
                  ConversionPatternRewriter &rewriter) const override {
    KernelBuilder k(rewriter, op.getLoc());
    Value x = in.getX();
    Value peak = k.peak(k.magnitude(x), /*axis=*/3);
    peak = k.add(peak, k.scalar(smallestNormal));
    // For every column: only quotients of one shape are known to run.
    Value peaks = k.add(k.sub(x, x), peak);
    Value ratio = k.quotient(x, peaks);
    Value squares = k.sum(k.mul(ratio, ratio), /*axis=*/3);
    rewriter.replaceOp(op, {peak, squares});
    return success();
  }
};

} // namespace

void populateOptimizerPatterns(const LayoutConverter &layout,
                               RewritePatternSet &patterns) {
  patterns.add<LowerAdamw, LowerRowSquares>(layout, patterns.getContext());
}

} // namespace anec
