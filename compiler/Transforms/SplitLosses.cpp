//===- SplitLosses.cpp - Losses that device and host share ----------------===//

#include "compiler/Transforms/SplitLosses.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

#include <optional>

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// What the device needs of a gradient whose softmax it makes: how much each
/// class counts, which the host knows beforehand, so that nothing of it comes
/// between softmax and gradient. `gradient` stays for the host's uses.
void splitGradient(LogLossLogitsGradOp gradient, bool gradientsOnDevice) {
  OpBuilder builder(gradient);
  RankedTensorType type = gradient.getDlogits().getType();
  Value weights =
      TargetWeightsOp::create(builder, gradient.getLoc(), type,
                              gradient.getTargets(), gradient.getDloss());
  Value onDevice = WeightedLogLossGradOp::create(
      builder, gradient.getLoc(), type, gradient.getP(), weights);
  gradient.getDlogits().replaceUsesWithIf(onDevice, [&](OpOperand &use) {
    auto matmul = dyn_cast<MatmulOp>(use.getOwner());
    bool ofParameter =
        isa<SumTokensOp>(use.getOwner()) || (matmul && matmul.getTransposeA());
    return use.getOwner()->hasTrait<DeviceCapable>() &&
           (gradientsOnDevice || !ofParameter);
  });
  if (onDevice.use_empty()) {
    onDevice.getDefiningOp()->erase();
    weights.getDefiningOp()->erase();
  }
  if (gradient.use_empty())
    gradient.erase();
}

} // namespace

void anec::splitSoftmaxes(FuncOp func, bool classifierOnDevice,
                          bool gradientsOnDevice) {
  llvm::MapVector<Value, Value> probabilities;
  auto softmaxOf = [&](Value logits) {
    Value &p = probabilities[logits];
    if (!p) {
      OpBuilder builder(func.getContext());
      builder.setInsertionPointAfterValue(logits);
      p = SoftmaxOp::create(builder, logits.getLoc(), logits);
    }
    return p;
  };
  for (Operation &op : llvm::make_early_inc_range(func.getBody().front())) {
    OpBuilder builder(&op);
    Operation *split = nullptr;
    if (auto loss = dyn_cast<CrossEntropyOp>(op))
      split = LogLossOp::create(builder, op.getLoc(), loss.getLoss().getType(),
                                softmaxOf(loss.getLogits()), loss.getTargets());
    else if (auto grad = dyn_cast<CrossEntropyGradOp>(op))
      split = LogLossLogitsGradOp::create(
          builder, op.getLoc(), grad.getDlogits().getType(),
          softmaxOf(grad.getLogits()), grad.getTargets(), grad.getDloss());
    if (!split)
      continue;
    op.replaceAllUsesWith(split);
    op.erase();
    if (auto gradient = dyn_cast<LogLossLogitsGradOp>(split);
        gradient && classifierOnDevice)
      splitGradient(gradient, gradientsOnDevice);
  }
  OpOperand &result = func.getReturn()->getOpOperand(0);
  if (func.getSymName() == "logits" && classifierOnDevice &&
      !isa<BlockArgument>(result.get())) {
    OpBuilder builder(func.getReturn());
    result.set(LogProbabilityOp::create(builder, func.getLoc(),
                                        softmaxOf(result.get())));
  }
}

namespace {

/// A loss over logits that need not leave the device, found whole.
struct KeptLoss {
  CrossEntropyGradOp grad;
  LinearOp classifier;
  MatmulOp dx, dweight;
  AccumulateOp accumulate;
};

std::optional<KeptLoss> findKeptLoss(CrossEntropyOp loss) {
  KeptLoss found;
  found.classifier = loss.getLogits().getDefiningOp<LinearOp>();
  if (!found.classifier)
    return std::nullopt;
  for (Operation *user : loss.getLogits().getUsers())
    if (auto grad = dyn_cast<CrossEntropyGradOp>(user); grad && !found.grad)
      found.grad = grad;
    else if (user != loss)
      return std::nullopt;
  if (!found.grad || found.grad.getTargets() != loss.getTargets())
    return std::nullopt;
  for (Operation *user : found.grad.getDlogits().getUsers()) {
    auto matmul = dyn_cast<MatmulOp>(user);
    if (!matmul || matmul.getA() != found.grad.getDlogits())
      return std::nullopt;
    if (!matmul.getTransposeA() &&
        matmul.getB() == found.classifier.getWeight())
      found.dx = matmul;
    else if (matmul.getTransposeA() &&
             matmul.getB() == found.classifier.getX() && matmul->hasOneUse())
      found.dweight = matmul;
    else
      return std::nullopt;
  }
  if (found.dweight)
    found.accumulate =
        dyn_cast<AccumulateOp>(*found.dweight->getUsers().begin());
  if (!found.dx || !found.accumulate)
    return std::nullopt;
  return found;
}

} // namespace

void anec::keepLogits(FuncOp func) {
  for (auto loss : llvm::to_vector(func.getOps<CrossEntropyOp>())) {
    std::optional<KeptLoss> kept = findKeptLoss(loss);
    if (!kept)
      continue;
    Location loc = loss.getLoc();
    Value x = kept->classifier.getX(), weight = kept->classifier.getWeight();
    auto perToken = [](Value value) {
      auto type = cast<RankedTensorType>(value.getType());
      return type.clone({type.getDimSize(0), type.getDimSize(1), 1});
    };
    OpBuilder builder(loss);
    Value p = SoftmaxOp::create(builder, loc, loss.getLogits());
    Value top = PeakOp::create(builder, loc, perToken(p), loss.getLogits());
    Value peak = PeakOp::create(builder, loc, perToken(p), p);
    loss.replaceAllUsesWith(
        PeakLogLossOp::create(builder, loc, loss.getLoss().getType(), x, weight,
                              loss.getTargets(), top, peak)
            .getLoss());
    loss.erase();

    builder.setInsertionPoint(kept->grad);
    loc = kept->grad.getLoc();
    Value targets = kept->grad.getTargets();
    Value weights = TokenWeightsOp::create(builder, loc, perToken(p),
                                           kept->grad.getDloss());
    Value dlogits = ScaleTokensOp::create(builder, loc, p, weights);
    Value rows = EmbeddingOp::create(builder, loc, targets, weight);
    Value drows = ScaleTokensOp::create(builder, loc, rows, weights);
    kept->grad.replaceAllUsesWith(dlogits);
    kept->grad.erase();

    builder.setInsertionPointAfter(kept->dx);
    auto difference = SubOp::create(builder, loc, kept->dx.getY(), drows);
    kept->dx.getY().replaceAllUsesExcept(difference, difference);
    builder.setInsertionPoint(kept->accumulate);
    Value dx = ScaleTokensOp::create(builder, loc, x, weights);
    Value minus = ScaleOp::create(builder, loc, dx.getType(), dx,
                                  builder.getF64FloatAttr(-1.0));
    Value dtable =
        EmbeddingGradOp::create(builder, loc, weight.getType(), targets, minus);
    AccumulateOp::create(builder, loc, kept->accumulate.getParameterAttr(),
                         dtable);
  }
}
