//===- NNPlace.cpp - nn-place ---------------------------------------------===//
//
// Every compute op gets a side. The device takes what it can execute and what
// is worth a dispatch; the host keeps embeddings, losses and, unless asked
// otherwise, weight gradients.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "compiler/Transforms/DeviceParameters.h"
#include "compiler/Transforms/Placement.h"
#include "compiler/Transforms/SplitLosses.h"

#include "mlir/IR/Builders.h"
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

/// Whether `op` is the gradient of a matrix: a sum over tokens of products.
bool isMatrixGradient(Operation &op) {
  auto matmul = dyn_cast<MatmulOp>(op);
  return matmul && matmul.getTransposeA();
}

/// Whether `op` is the gradient of a vector: a sum over tokens.
bool isVectorGradient(Operation &op) {
  return isa<RmsNormGainGradOp, SumTokensOp>(op);
}

/// Whether `op` is sigmoid(x) + y - y * sigmoid(x), y = silu(x), or a part of
/// it, or its product with the gradient of y.
bool isSiluBackward(Operation &op) {
  if (auto slope = dyn_cast<SubOp>(op)) {
    auto sum = slope.getX().getDefiningOp<AddOp>();
    auto product = slope.getY().getDefiningOp<MulOp>();
    return sum && product && sum.getX() == product.getY() &&
           sum.getY() == product.getX() &&
           sum.getX().getDefiningOp<SigmoidOp>() &&
           sum.getY().getDefiningOp<SiluOp>();
  }
  if (isa<AddOp, MulOp>(op))
    return llvm::any_of(op.getUsers(),
                        [](Operation *user) {
                          return isa<SubOp>(user) && isSiluBackward(*user);
                        }) ||
           llvm::any_of(op.getOperands(), [](Value operand) {
             auto slope = operand.getDefiningOp<SubOp>();
             return slope && isSiluBackward(*slope);
           });
  return false;
}

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
    {"silu-bwd", isSiluBackward},
    {"dw", isMatrixGradient},
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
    {"max", {"extras", "rope-bwd", "silu-bwd", "residual", "dw"}},
};

const char *const knownNames =
    "auto, none, extras, max, classifier, classifier-softmax, norm, "
    "final-norm, norm-bwd, rope-bwd, silu-bwd, residual, dw or optimizer";

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
  LogicalResult place(FuncOp func);
  void placeClassifier(FuncOp func);
  void sinkCheapOps(FuncOp func);
  void placeVectorGradients(FuncOp func);
  void dropSmallGroups(FuncOp func);

  /// Whether a user asked for `op` on the device, worth a dispatch or not.
  bool isRequested(Operation &op) const {
    return llvm::any_of(
        requested, [&](const NamedWork *work) { return work->matches(op); });
  }
  bool isNameRequested(StringRef name) const {
    return llvm::any_of(
        requested, [&](const NamedWork *work) { return work->name == name; });
  }

  bool classifierOnDevice = false, optimizerOnDevice = false;
  SmallVector<const NamedWork *> onHost, requested;
};

/// What `none` leaves on the device, as published pipelines do.
bool staysWithNone(StringRef name) {
  return llvm::is_contained({"norm", "final-norm", "silu-bwd"}, name);
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
  if (name == "optimizer") {
    optimizerOnDevice = !remove;
    return success();
  }
  const NamedWork *work = llvm::find_if(
      namedWork, [&](const NamedWork &w) { return w.name == name; });
  if (work == std::end(namedWork)) {
    return getOperation().emitError()
           << "expects offload to name " << knownNames << ", but got '" << name
           << "'";
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
        if (!staysWithNone(each.name))
          onHost.push_back(&each);
    } else if (failed(readName(name, remove))) {
      return failure();
    }
  }
  if (!optimizerOnDevice)
    return success();
  if (!isNameRequested("dw")) {
    InFlightDiagnostic error =
        getOperation().emitError("offload 'optimizer' needs the gradients of "
                                 "weights on the device, without 'dw' they are "
                                 "on the host");
    error.attachNote() << "instead: --offload=max,optimizer, or "
                          "--offload=dw,optimizer";
    return error;
  }
  getOperation()->setAttr(optimizerAttribute, UnitAttr::get(&getContext()));
  return success();
}

/// Losses as far as the device is asked for them.
void NNPlace::splitLosses(FuncOp func) {
  if (!isNameRequested("classifier-softmax"))
    return;
  const bool gradientsOnDevice = isNameRequested("dw");
  if (classifierOnDevice && gradientsOnDevice)
    keepLogits(func);
  splitSoftmaxes(func, classifierOnDevice, gradientsOnDevice);
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

/// With weight gradients on the device, those of vectors are where what they
/// sum is: never worth a dispatch or a transfer of their own.
void NNPlace::placeVectorGradients(FuncOp func) {
  if (!isNameRequested("dw"))
    return;
  for (Operation &op : func.getBody().front()) {
    if (!isVectorGradient(op))
      continue;
    Operation *summed = op.getOperands().back().getDefiningOp();
    if (summed && getPlace(summed) == Place::Device)
      setPlace(&op, Place::Device);
  }
}

LogicalResult NNPlace::place(FuncOp func) {
  splitLosses(func);
  for (Operation &op : func.getBody().front()) {
    bool device = op.hasTrait<DeviceCapable>();
    bool host = op.hasTrait<HostCapable>();
    if (!device && !host)
      continue;
    bool kept = llvm::any_of(
        onHost, [&](const NamedWork *work) { return work->matches(op); });
    if ((isMatrixGradient(op) && !isRequested(op)) || isVectorGradient(op) ||
        (kept && host))
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
  placeVectorGradients(func);
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
