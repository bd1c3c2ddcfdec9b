//===- NNPlace.cpp - nn-place ---------------------------------------------===//
//
// Every compute op gets a side. The device takes what it can execute and what
// is worth a dispatch; the host keeps embeddings, losses and weight gradients.
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"
#include "compiler/Transforms/Placement.h"

#include "llvm/ADT/EquivalenceClasses.h"
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
};

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
  return llvm::is_contained(
      {"classifier-softmax", "silu-bwd", "dw", "optimizer", "extras", "max"},
      name);
}

/// `auto`, `none`, or names; a name adds to auto, '-' takes away from it.
LogicalResult NNPlace::readOffload() {
  SmallVector<StringRef> names;
  StringRef(offload).split(names, ',');
  for (StringRef name : names) {
    bool remove = name.consume_front("-");
    if (name == "auto" && !remove)
      continue;
    if (name == "classifier") {
      classifierOnDevice = !remove;
      continue;
    }
    const NamedWork *work = llvm::find_if(
        namedWork, [&](const NamedWork &w) { return w.name == name; });
    if (name == "none" && !remove) {
      for (const NamedWork &each : namedWork)
        if (each.name != "norm" && each.name != "final-norm")
          onHost.push_back(&each);
    } else if (hasNoDeviceForm(name)) {
      return getOperation().emitError("offload '")
             << name << "' has no device form in this compiler; expects auto, "
             << "none, classifier, norm, final-norm, norm-bwd, rope-bwd or "
                "residual";
    } else if (work == std::end(namedWork)) {
      return getOperation().emitError(
                 "expects offload to name auto, none, classifier, norm, "
                 "final-norm, norm-bwd, rope-bwd or residual, but got '")
             << name << "'";
    } else {
      // The last mention decides.
      llvm::erase(onHost, work);
      llvm::erase(requested, work);
      (remove ? onHost : requested).push_back(work);
    }
  }
  return success();
}

/// The contraction that makes logits, and the one that takes their gradient.
void NNPlace::placeClassifier(FuncOp func) {
  for (auto loss : func.getOps<CrossEntropyOp>()) {
    Operation *op = loss.getLogits().getDefiningOp();
    while (op && op->hasTrait<Cheap>())
      op = op->getOperand(0).getDefiningOp();
    if (op && op->hasTrait<Product>())
      setPlace(op, Place::Host);
  }
  for (auto grad : func.getOps<CrossEntropyGradOp>()) {
    SetVector<Operation *> users;
    cheapUsers(grad.getDlogits(), users);
    for (Operation *user : users)
      if (user->hasTrait<Product>() && user->hasTrait<HostCapable>())
        setPlace(user, Place::Host);
  }
  // @logits ends with the classifier itself.
  if (func.getSymName() == "logits")
    if (Operation *op = func.getReturn().getOperand(0).getDefiningOp())
      if (op->hasTrait<HostCapable>())
        setPlace(op, Place::Host);
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
