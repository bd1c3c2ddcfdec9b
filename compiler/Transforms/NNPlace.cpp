//===- NNPlace.cpp - nn-place ---------------------------------------------===//
//
// Every compute op gets a side. The device takes what it can execute and what
// is worth a dispatch; the host keeps embeddings, losses and weight gradients.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "compiler/Transforms/Placement.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

namespace anec {
#define GEN_PASS_DEF_NNPLACEPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// Work that a user can name in --offload.
struct NamedWork {
  StringRef name;
  bool (*matches)(Operation &op);
};

const NamedWork namedWork[] = {
    {"norm", [](Operation &op) { return isa<RmsNormOp>(op); }},
    // The norms outside of blocks.
    {"final-norm",
     [](Operation &op) {
       return isa<RmsNormOp>(op) && op.getParentOfType<FuncOp>().isPublic();
     }},
    // A sum of two activations, forward or of gradients.
    {"residual",
     [](Operation &op) {
       auto add = dyn_cast<AddOp>(op);
       return add && add.getX().getType() == add.getY().getType();
     }},
    {"norm-bwd", [](Operation &op) { return isa<RmsNormGradOp>(op); }},
    {"rope-bwd",
     [](Operation &op) {
       auto rope = dyn_cast<RopeOp>(op);
       return rope && rope.getInverse();
     }},
    // What nn-place makes of a loss whose softmax is asked for.
    {"classifier-softmax",
     [](Operation &op) {
       return isa<SoftmaxOp>(op) &&
              llvm::any_of(op.getUsers(), [](Operation *user) {
                return isa<LogLossOp, LogLossLogitsGradOp, LogProbabilityOp>(
                    user);
              });
     }},
};

/// Names that stand for several.
struct WorkSet {
  StringRef name;
  std::vector<StringRef> members;
};

const WorkSet workSets[] = {
    {"extras", {"classifier", "classifier-softmax", "final-norm", "norm-bwd"}},
};

const char *const knownNames =
    "auto, none, extras, classifier, classifier-softmax, norm, final-norm, "
    "norm-bwd, rope-bwd or residual";

/// Values reached from `value` through cheap ops, towards users.
void cheapUsers(Value value, SetVector<Operation *> &found) {
  for (Operation *user : value.getUsers())
    if (found.insert(user) && user->hasTrait<Cheap>())
      for (Value result : user->getResults())
        cheapUsers(result, found);
}

struct NNPlace : anec::impl::NNPlacePassBase<NNPlace> {
  using NNPlacePassBase::NNPlacePassBase;
  void runOnOperation() override;

private:
  LogicalResult readOffload();
  LogicalResult readName(StringRef name, bool remove);
  void splitLosses(FuncOp func);
  void splitGradient(LogLossLogitsGradOp gradient);
  LogicalResult place(FuncOp func);
  void placeClassifier(FuncOp func);
  void sinkCheapOps(FuncOp func);
  void dropSmallGroups(FuncOp func);

  /// Whether a user asked for `op` on the device, worth a dispatch or not.
  bool isRequested(Operation &op) const {
    return llvm::any_of(
        requested, [&](const NamedWork *work) { return work->matches(op); });
  }

  bool classifierOnDevice = false;
  SmallVector<const NamedWork *> onHost, requested;
};

/// Names of the design that no pass or host op carries out yet.
bool hasNoDeviceForm(StringRef name) {
  return llvm::is_contained({"silu-bwd", "dw", "optimizer", "max"}, name);
}

/// Adds one name, or takes it away; the last mention decides.
LogicalResult NNPlace::readName(StringRef name, bool remove) {
  for (const WorkSet &set : workSets)
    if (set.name == name) {
      for (StringRef member : set.members)
        if (failed(readName(member, remove)))
          return failure();
      return success();
    }
  if (name == "classifier") {
    classifierOnDevice = !remove;
    return success();
  }
  const NamedWork *work = llvm::find_if(
      namedWork, [&](const NamedWork &w) { return w.name == name; });
  if (work == std::end(namedWork)) {
    InFlightDiagnostic error = getOperation().emitError();
    if (hasNoDeviceForm(name))
      return error << "offload '" << name
                   << "' has no device form in this compiler; expects "
                   << knownNames;
    return error << "expects offload to name " << knownNames << ", but got '"
                 << name << "'";
  }
  llvm::erase(onHost, work);
  llvm::erase(requested, work);
  (remove ? onHost : requested).push_back(work);
  return success();
}

/// `auto`, `none`, or names; a name adds to auto, '-' takes away from it.
LogicalResult NNPlace::readOffload() {
  std::optional<rt::target::Profile> profile;
  if (failed(loadTarget(target.getValue(), &getContext(), profile)))
    return failure();
  // Norms are powers on the device.
  if (profile->refuses(rt::target::Rule::OpPowM1))
    for (const NamedWork &each : namedWork)
      if (each.name == "norm" || each.name == "norm-bwd")
        onHost.push_back(&each);
  SmallVector<StringRef> names;
  StringRef(offload).split(names, ',');
  for (StringRef name : names) {
    bool remove = name.consume_front("-");
    if (name == "auto" && !remove)
      continue;
    if (name == "none" && !remove) {
      for (const NamedWork &each : namedWork)
        if (each.name != "norm" && each.name != "final-norm")
          onHost.push_back(&each);
    } else if (failed(readName(name, remove))) {
      return failure();
    }
  }
  return success();
}

/// What the device needs of a gradient whose softmax it makes: how much each
/// class counts, which the host knows beforehand, so that nothing of it comes
/// between softmax and gradient. `gradient` stays for the host's uses.
void NNPlace::splitGradient(LogLossLogitsGradOp gradient) {
  OpBuilder builder(gradient);
  RankedTensorType type = gradient.getDlogits().getType();
  Value weights =
      TargetWeightsOp::create(builder, gradient.getLoc(), type,
                              gradient.getTargets(), gradient.getDloss());
  Value onDevice = WeightedLogLossGradOp::create(
      builder, gradient.getLoc(), type, gradient.getP(), weights);
  gradient.getDlogits().replaceUsesWithIf(onDevice, [](OpOperand &use) {
    auto matmul = dyn_cast<MatmulOp>(use.getOwner());
    return use.getOwner()->hasTrait<DeviceCapable>() &&
           !(matmul && matmul.getTransposeA());
  });
  if (onDevice.use_empty()) {
    onDevice.getDefiningOp()->erase();
    weights.getDefiningOp()->erase();
  }
  if (gradient.use_empty())
    gradient.erase();
}

/// Splits losses over logits whose softmax the device is asked for: it makes
/// the probabilities, the host takes loss and gradient from them. Logits that
/// the device makes, their logarithms do for, and no program but that of the
/// loss is needed.
void NNPlace::splitLosses(FuncOp func) {
  bool asked = llvm::any_of(requested, [](const NamedWork *work) {
    return work->name == "classifier-softmax";
  });
  if (!asked)
    return;
  llvm::MapVector<Value, Value> probabilities;
  auto softmaxOf = [&](Value logits) {
    Value &p = probabilities[logits];
    if (!p) {
      OpBuilder builder(&getContext());
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
      splitGradient(gradient);
  }
  OpOperand &result = func.getReturn()->getOpOperand(0);
  if (func.getSymName() == "logits" && classifierOnDevice &&
      !isa<BlockArgument>(result.get())) {
    OpBuilder builder(func.getReturn());
    result.set(LogProbabilityOp::create(builder, func.getLoc(),
                                        softmaxOf(result.get())));
  }
}

/// The contraction that makes logits, and the one that takes their gradient.
void NNPlace::placeClassifier(FuncOp func) {
  auto placeProducer = [](Value logits) {
    Operation *op = logits.getDefiningOp();
    while (op && op->hasTrait<Cheap>())
      op = op->getOperand(0).getDefiningOp();
    if (op && op->hasTrait<Product>() && op->hasTrait<HostCapable>())
      setPlace(op, Place::Host);
  };
  for (Operation &loss : func.getBody().front())
    if (isa<CrossEntropyOp, LogLossOp>(loss))
      placeProducer(loss.getOperand(0));
  for (Operation &grad : func.getBody().front()) {
    if (!isa<CrossEntropyGradOp, LogLossLogitsGradOp>(grad))
      continue;
    SetVector<Operation *> users;
    cheapUsers(grad.getResult(0), users);
    for (Operation *user : users)
      if (user->hasTrait<Product>() && user->hasTrait<HostCapable>())
        setPlace(user, Place::Host);
  }
  if (func.getSymName() == "logits")
    placeProducer(func.getReturn().getOperand(0));
}

/// A cheap op whose users are all on the host belongs there: its result would
/// be read back otherwise.
void NNPlace::sinkCheapOps(FuncOp func) {
  for (Operation &op : llvm::reverse(func.getBody().front())) {
    if (!op.hasTrait<Cheap>() || !op.hasTrait<HostCapable>() ||
        op.use_empty() || isRequested(op))
      continue;
    if (llvm::all_of(op.getUsers(), [](Operation *user) {
          return getPlace(user) == Place::Host;
        }))
      setPlace(&op, Place::Host);
  }
}

/// Connected device ops without a contraction are not worth a dispatch.
void NNPlace::dropSmallGroups(FuncOp func) {
  llvm::EquivalenceClasses<Operation *> groups;
  for (Operation &op : func.getBody().front()) {
    if (getPlace(&op) != Place::Device)
      continue;
    groups.insert(&op);
    for (Operation *user : op.getUsers())
      if (getPlace(user) == Place::Device)
        groups.unionSets(&op, user);
  }
  for (const auto &leader : groups) {
    if (!leader->isLeader())
      continue;
    auto members =
        llvm::make_range(groups.member_begin(*leader), groups.member_end());
    bool worth = llvm::any_of(members, [&](Operation *op) {
      return op->hasTrait<Product>() || !op->hasTrait<HostCapable>() ||
             isRequested(*op);
    });
    for (Operation *op : members)
      if (!worth)
        setPlace(op, Place::Host);
  }
}

LogicalResult NNPlace::place(FuncOp func) {
  splitLosses(func);
  for (Operation &op : func.getBody().front()) {
    bool device = op.hasTrait<DeviceCapable>();
    bool host = op.hasTrait<HostCapable>();
    if (!device && !host)
      continue;
    auto matmul = dyn_cast<MatmulOp>(op);
    bool kept = llvm::any_of(
        onHost, [&](const NamedWork *work) { return work->matches(op); });
    if ((matmul && matmul.getTransposeA()) || (kept && host))
      device = false;
    if (!device && !host)
      return op.emitOpError("can be executed neither by the device nor by the "
                            "host");
    setPlace(&op, device ? Place::Device : Place::Host);
  }
  if (!classifierOnDevice)
    placeClassifier(func);
  sinkCheapOps(func);
  dropSmallGroups(func);
  sinkCheapOps(func);
  return success();
}

void NNPlace::runOnOperation() {
  if (failed(readOffload()))
    return signalPassFailure();
  for (FuncOp func : getOperation().getOps<FuncOp>())
    if (failed(place(func)))
      return signalPassFailure();
}

} // namespace
