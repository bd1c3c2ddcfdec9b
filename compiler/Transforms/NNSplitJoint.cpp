//===- NNSplitJoint.cpp - nn-split-joint ----------------------------------===//
//
// Cuts a joint block into its forward and its backward. A value that the
// backward needs is either kept (a tap, which costs its bytes) or computed
// again from values that are kept; a minimum cut chooses.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/MinCut.h"
#include "compiler/Kernels/TargetOption.h"
#include "compiler/Kernels/WorkMarks.h"
#include "compiler/Passes.h"
#include "compiler/Transforms/Differentiate.h"
#include "compiler/Transforms/HostSide.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace anec {
#define GEN_PASS_DEF_NNSPLITJOINTPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// The values to keep, in order of definition.
class TapChooser {
public:
  TapChooser(const Joint &joint, bool recomputeAll)
      : joint(joint), recomputeAll(recomputeAll) {}

  SmallVector<Value> choose() {
    number();
    MinCut graph(2 * values.size() + 2);
    for (auto [index, value] : llvm::enumerate(values))
      addValue(graph, index, value);
    std::vector<bool> behind = graph.sinkSide(source(), sink());
    SmallVector<Value> taps;
    for (auto [index, value] : llvm::enumerate(values))
      if (!behind[2 * index] && behind[2 * index + 1])
        taps.push_back(value);
    return taps;
  }

private:
  unsigned source() const { return 2 * values.size(); }
  unsigned sink() const { return 2 * values.size() + 1; }

  /// Each forward value but the parameters, which the backward has anyway.
  void number() {
    auto add = [&](Value value) {
      if (!joint.isForward(value) || joint.isParameter(value))
        return;
      ids[value] = values.size();
      values.push_back(value);
    };
    FuncOp func = joint.func;
    for (Value argument : func.getArguments())
      add(argument);
    for (Operation &op : func.getBody().front())
      for (Value result : op.getResults())
        add(result);
  }

  /// A value is node 2i when it can be computed and 2i + 1 when the backward
  /// has it; the edge between them is the price of keeping it.
  void addValue(MinCut &graph, unsigned index, Value value) {
    graph.addEdge(2 * index, 2 * index + 1, bytesOf(value));
    Operation *op = value.getDefiningOp();
    if (!op || !(recomputeAll || op->hasTrait<Cheap>()))
      graph.addEdge(source(), 2 * index, MinCut::unlimited);
    for (Operation *user : value.getUsers()) {
      if (user->hasTrait<OpTrait::IsTerminator>())
        continue;
      if (!joint.isForward(user)) {
        graph.addEdge(2 * index + 1, sink(), MinCut::unlimited);
        continue;
      }
      for (Value result : user->getResults())
        graph.addEdge(2 * index + 1, 2 * ids.lookup(result), MinCut::unlimited);
    }
  }

  const Joint &joint;
  bool recomputeAll;
  SmallVector<Value> values;
  llvm::DenseMap<Value, unsigned> ids;
};

/// Builds the backward function from the backward ops and whatever forward ops
/// it computes again.
class BackwardBuilder {
public:
  /// `host`: the forward values that the host computes again.
  BackwardBuilder(const Joint &joint, ArrayRef<Value> taps,
                  const llvm::DenseSet<Value> &host, FuncOp backward)
      : joint(joint), host(host), backward(backward),
        builder(OpBuilder::atBlockEnd(&backward.getBody().emplaceBlock())) {
    Block &body = backward.getBody().front();
    FuncOp func = joint.func;
    for (Value cotangent : func.getArguments().drop_front(joint.inputs))
      known[cotangent] = body.addArgument(cotangent.getType(), func.getLoc());
    for (Value tap : taps)
      known[tap] = body.addArgument(tap.getType(), tap.getLoc());
  }

  void build() {
    FuncOp func = joint.func;
    for (Operation &op : func.getBody().front().without_terminator())
      if (!joint.isForward(&op))
        clone(op, getPlace(&op), /*again=*/false);
    SmallVector<Value> gradients;
    for (Value gradient :
         func.getReturn().getOperands().drop_front(joint.results))
      gradients.push_back(get(gradient, Place::Device));
    ReturnOp::create(builder, func.getReturn().getLoc(), gradients);
    Block &body = backward.getBody().front();
    backward.setType(builder.getFunctionType(body.getArgumentTypes(),
                                             ValueRange(gradients).getTypes()));
  }

  /// Parameters of the joint function that the backward takes, by argument.
  ArrayRef<BlockArgument> parameters() const { return usedParameters; }

private:
  void clone(Operation &op, Place place, bool again) {
    IRMapping map;
    for (Value operand : op.getOperands())
      map.map(operand, get(operand, place));
    Operation *copy = builder.clone(op, map);
    setPlace(copy, place);
    if (again)
      copy->setLoc(anec::recomputed(copy->getLoc()));
    for (auto [from, to] : llvm::zip(op.getResults(), copy->getResults()))
      (again ? recomputed[{from, int(place)}] : known[from]) = to;
  }

  /// `value` for an op on `place`: known, a parameter, or computed again there,
  /// or on the device for what is not worth the host's reading of operands.
  Value get(Value value, Place place) {
    if (Value found = known.lookup(value))
      return found;
    if (joint.isParameter(value)) {
      usedParameters.push_back(cast<BlockArgument>(value));
      return known[value] = backward.getBody().front().addArgument(
                 value.getType(), value.getLoc());
    }
    Operation *op = value.getDefiningOp();
    bool movable = place == Place::Host
                       ? host.contains(value)
                       : op->hasTrait<Cheap>() && getPlace(op) == Place::Device;
    if (!movable)
      place = getPlace(op);
    auto found = recomputed.find({value, int(place)});
    if (found != recomputed.end())
      return found->second;
    clone(*op, place, /*again=*/true);
    return recomputed.lookup({value, int(place)});
  }

  const Joint &joint;
  const llvm::DenseSet<Value> &host;
  FuncOp backward;
  OpBuilder builder;
  llvm::DenseMap<Value, Value> known;
  llvm::DenseMap<std::pair<Value, int>, Value> recomputed;
  SmallVector<BlockArgument> usedParameters;
};

struct NNSplitJoint : anec::impl::NNSplitJointPassBase<NNSplitJoint> {
  using NNSplitJointPassBase::NNSplitJointPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }

  void runOnOperation() override;

private:
  LogicalResult split(ScanForwardOp forward);
  FuncOp buildForward(const Joint &joint, StringRef name, ArrayRef<Value> taps);
  void replaceEvaluation(StringRef block, FuncOp forward);

  std::optional<rt::target::Profile> profile;
};

/// The forward half of the joint body, with the taps as further results.
FuncOp NNSplitJoint::buildForward(const Joint &joint, StringRef name,
                                  ArrayRef<Value> taps) {
  FuncOp func = joint.func;
  OpBuilder builder(func);
  IRMapping map;
  SmallVector<Type> inputs, results;
  for (Value argument : func.getArguments().take_front(joint.inputs))
    inputs.push_back(argument.getType());
  auto forward = FuncOp::create(builder, func.getLoc(), name,
                                builder.getFunctionType(inputs, results));
  forward.setPrivate();
  Block &body = forward.getBody().emplaceBlock();
  for (Value argument : func.getArguments().take_front(joint.inputs))
    map.map(argument, body.addArgument(argument.getType(), argument.getLoc()));
  builder.setInsertionPointToEnd(&body);
  for (Operation &op : func.getBody().front())
    if (joint.isForward(&op))
      builder.clone(op, map);
  SmallVector<Value> values;
  for (Value result : func.getReturn().getOperands().take_front(joint.results))
    values.push_back(map.lookup(result));
  for (Value tap : taps)
    values.push_back(map.lookup(tap));
  ReturnOp::create(builder, func.getLoc(), values);
  forward.setType(
      builder.getFunctionType(inputs, ValueRange(values).getTypes()));
  for (unsigned i = 0; i < joint.inputs; ++i)
    if (Attribute parameter = func.getArgAttr(i, "nn.parameter"))
      forward.setArgAttr(i, "nn.parameter", parameter);
  return forward;
}

/// Evaluation runs the training forward and ignores its taps, so that both are
/// one kernel.
void NNSplitJoint::replaceEvaluation(StringRef block, FuncOp forward) {
  SmallVector<ScanOp> scans;
  getOperation().walk([&](ScanOp scan) {
    if (scan.getCallee() == block)
      scans.push_back(scan);
  });
  for (ScanOp scan : scans) {
    OpBuilder builder(scan);
    SmallVector<Type> types(scan.getResultTypes());
    for (Type tap : forward.getResultTypes().drop_front(types.size()))
      types.push_back(StackType::get(&getContext(), scan.getCount(), tap));
    auto replacement = ScanOp::create(
        builder, scan.getLoc(), types, forward.getSymName(), scan.getCount(),
        scan.getReverse(), scan.getCarries(), scan.getEach());
    for (auto [from, to] :
         llvm::zip(scan.getResults(), replacement.getResults()))
      from.replaceAllUsesWith(to);
    scan.erase();
  }
  if (auto func = SymbolTable(getOperation()).lookup<FuncOp>(block))
    func.erase();
}

LogicalResult NNSplitJoint::split(ScanForwardOp scan) {
  SymbolTable symbols(getOperation());
  Joint joint(symbols.lookup<FuncOp>(scan.getCallee()));
  StringRef block = joint.func.getSymName();
  block.consume_back("_joint");
  auto backwardScan = cast<ScanBackwardOp>(*scan.getTape().user_begin());

  SmallVector<Value> taps = TapChooser(joint, recompute == "full").choose();
  FuncOp forward = buildForward(joint, (block + "_fwd").str(), taps);

  OpBuilder builder(joint.func);
  auto backward =
      FuncOp::create(builder, joint.func.getLoc(), (block + "_bwd").str(),
                     builder.getFunctionType({}, {}));
  backward.setPrivate();
  llvm::DenseSet<Value> host =
      chooseHostSide(joint, taps, profile->takesOneInput());
  BackwardBuilder half(joint, taps, host, backward);
  half.build();

  builder.setInsertionPoint(scan);
  SmallVector<Type> types(scan.getResults().getTypes());
  for (Value tap : taps)
    types.push_back(
        StackType::get(&getContext(), scan.getCount(), tap.getType()));
  auto forwardScan = ScanOp::create(
      builder, scan.getLoc(), types, forward.getSymName(), scan.getCount(),
      /*reverse=*/false, scan.getCarries(), scan.getEach());

  SmallVector<Value> each(forwardScan.getStackResults());
  unsigned firstParameter =
      backward.getNumArguments() - half.parameters().size();
  for (auto [index, argument] : llvm::enumerate(half.parameters())) {
    unsigned number = argument.getArgNumber();
    each.push_back(scan.getOperand(number));
    backward.setArgAttr(firstParameter + index, "nn.parameter",
                        joint.func.getArgAttr(number, "nn.parameter"));
  }
  builder.setInsertionPoint(backwardScan);
  auto replacement = ScanOp::create(
      builder, backwardScan.getLoc(), backwardScan.getResultTypes(),
      backward.getSymName(), scan.getCount(), /*reverse=*/true,
      backwardScan.getCarries(), each);
  backwardScan.replaceAllUsesWith(replacement.getResults());
  backwardScan.erase();
  for (auto [from, to] :
       llvm::zip(scan.getResults(), forwardScan.getCarryResults()))
    from.replaceAllUsesWith(to);
  scan.erase();
  std::string blockName = block.str();
  joint.func.erase();
  replaceEvaluation(blockName, forward);
  return success();
}

void NNSplitJoint::runOnOperation() {
  if (recompute != "auto" && recompute != "cheap" && recompute != "full") {
    getOperation().emitError("expects recompute to be auto, cheap or full, but "
                             "got '")
        << recompute << "'";
    return signalPassFailure();
  }
  SmallVector<ScanForwardOp> scans;
  getOperation().walk([&](ScanForwardOp scan) { scans.push_back(scan); });
  for (ScanForwardOp scan : scans)
    if (failed(split(scan)))
      return signalPassFailure();
}

} // namespace
