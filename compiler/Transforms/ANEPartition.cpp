//===- ANEPartition.cpp - ane-partition -----------------------------------===//
//
// Device ops become kernels. Ops share a kernel unless a host op stands
// between them, or the target has no surface for what they need together.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "compiler/Transforms/KernelSharing.h"
#include "compiler/Transforms/Partitioner.h"
#include "compiler/Transforms/Placement.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/GlobPattern.h"

namespace anec {
#define GEN_PASS_DEF_ANEPARTITIONPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// Which strategy a parameter's values take to the device.
class Strategies {
public:
  LogicalResult read(Operation *op, StringRef fallback,
                     ArrayRef<std::string> rules) {
    if (failed(check(op, fallback)))
      return failure();
    this->fallback = fallback;
    for (StringRef rule : rules) {
      auto [glob, strategy] = rule.rsplit('=');
      if (failed(check(op, strategy)))
        return failure();
      auto pattern = llvm::GlobPattern::create(glob);
      if (!pattern) {
        llvm::consumeError(pattern.takeError());
        return op->emitError("expects weights-for to be GLOB=STRATEGY, but "
                             "got '")
               << rule << "'";
      }
      patterns.push_back({std::move(*pattern), strategy});
    }
    return success();
  }

  /// The last rule whose pattern matches decides.
  StringRef of(StringRef parameter) const {
    for (const auto &[pattern, strategy] : llvm::reverse(patterns))
      if (pattern.match(parameter))
        return strategy;
    return fallback;
  }

private:
  static LogicalResult check(Operation *op, StringRef strategy) {
    if (strategy == "packed" || strategy == "param" || strategy == "baked" ||
        strategy == "delta")
      return success();
    return op->emitError("expects weights to be packed, param, baked or delta, "
                         "but got '")
           << strategy << "'";
  }

  StringRef fallback;
  std::vector<std::pair<llvm::GlobPattern, StringRef>> patterns;
};

struct ANEPartition : anec::impl::ANEPartitionPassBase<ANEPartition> {
  using ANEPartitionPassBase::ANEPartitionPassBase;
  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }
  void runOnOperation() override;

private:
  LogicalResult partition(FuncOp func, const KernelNeeds &needs);
  void outline(FuncOp func, ArrayRef<Operation *> ops, const Twine &name);
  Attribute parameterOf(Value value);

  Strategies strategies;
  std::optional<rt::target::Profile> profile;
};

using Stages = llvm::MapVector<unsigned, SmallVector<Operation *>>;

/// How many kernels must have finished before each device op can run. An op
/// whose users all run later moves to the first of them: what it computes then
/// needs no surface.
Stages stages(FuncOp func) {
  Block &body = func.getBody().front();
  llvm::DenseMap<Operation *, unsigned> ready;
  for (Operation &op : body) {
    unsigned stage = 0;
    for (Value operand : op.getOperands())
      if (Operation *producer = operand.getDefiningOp()) {
        // The host sees a kernel's results after it.
        bool crosses = getPlace(&op) != Place::Device &&
                       getPlace(producer) == Place::Device;
        stage = std::max(stage, ready.lookup(producer) + crosses);
      }
    ready[&op] = stage;
  }
  for (Operation &op : llvm::reverse(body)) {
    if (getPlace(&op) != Place::Device || op.use_empty())
      continue;
    unsigned first = ~0u;
    for (Operation *user : op.getUsers())
      first =
          std::min(first, getPlace(user) == Place::Device ? ready.lookup(user)
                                                          : ready.lookup(&op));
    ready[&op] = first;
  }
  SmallVector<unsigned> numbers;
  for (Operation &op : body)
    if (getPlace(&op) == Place::Device)
      numbers.push_back(ready.lookup(&op));
  llvm::sort(numbers);
  Stages found;
  for (unsigned number : numbers)
    (void)found[number];
  for (Operation &op : body)
    if (getPlace(&op) == Place::Device)
      found[ready.lookup(&op)].push_back(&op);
  return found;
}

/// The parameter family behind a value, null for activations.
Attribute ANEPartition::parameterOf(Value value) {
  if (auto get = value.getDefiningOp<GetOp>())
    return get.getParameterAttr();
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return {};
  auto func = cast<FuncOp>(argument.getOwner()->getParentOp());
  return func.getArgAttr(argument.getArgNumber(), "nn.parameter");
}

/// Moves `ops` into a kernel function and calls it where the last one stood.
void ANEPartition::outline(FuncOp func, ArrayRef<Operation *> ops,
                           const Twine &name) {
  llvm::SetVector<Value> activations, parameters;
  llvm::SmallPtrSet<Operation *, 32> inside(ops.begin(), ops.end());
  SmallVector<Value> results;
  for (Operation *op : ops) {
    for (Value operand : op->getOperands()) {
      if (operand.getDefiningOp() && inside.contains(operand.getDefiningOp()))
        continue;
      (parameterOf(operand) ? parameters : activations).insert(operand);
    }
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(),
                       [&](Operation *user) { return !inside.contains(user); }))
        results.push_back(result);
  }
  SmallVector<Value> operands(activations.begin(), activations.end());
  operands.append(parameters.begin(), parameters.end());

  OpBuilder builder(func);
  auto kernel =
      FuncOp::create(builder, func.getLoc(), name.str(),
                     builder.getFunctionType(ValueRange(operands).getTypes(),
                                             ValueRange(results).getTypes()));
  kernel.setPrivate();
  kernel->setAttr("kernel", builder.getUnitAttr());
  SymbolTable(getOperation()).insert(kernel);
  Block &body = kernel.getBody().emplaceBlock();
  IRMapping map;
  for (auto [index, operand] : llvm::enumerate(operands)) {
    map.map(operand, body.addArgument(operand.getType(), operand.getLoc()));
    if (Attribute parameter = parameterOf(operand)) {
      StringRef symbol = cast<FlatSymbolRefAttr>(parameter).getValue();
      kernel.setArgAttr(index, "nn.parameter", parameter);
      kernel.setArgAttr(index, "nn.weights",
                        builder.getStringAttr(strategies.of(symbol)));
    }
  }
  builder.setInsertionPointToEnd(&body);
  for (Operation *op : ops)
    builder.clone(*op, map)->removeAttr("nn.place");
  SmallVector<Value> inner;
  for (Value result : results)
    inner.push_back(map.lookup(result));
  ReturnOp::create(builder, func.getLoc(), inner);

  // Behind every operand and before every user outside: host ops that need
  // nothing from this kernel may stand on either side.
  builder.setInsertionPointAfter(ops.back());
  auto dispatch =
      DispatchOp::create(builder, func.getLoc(), ValueRange(results).getTypes(),
                         kernel.getSymName(), operands);
  for (auto [from, to] : llvm::zip(results, dispatch.getResults()))
    from.replaceUsesWithIf(
        to, [&](OpOperand &use) { return !inside.contains(use.getOwner()); });
  for (Operation *op : llvm::reverse(ops))
    op->erase();
}

LogicalResult ANEPartition::partition(FuncOp func, const KernelNeeds &needs) {
  std::vector<KernelOps> kernels;
  for (auto &[stage, ops] : stages(func)) {
    auto parts = Partitioner(needs).split(ops);
    if (failed(parts))
      return failure();
    llvm::append_range(kernels, *parts);
  }
  for (auto [number, ops] : llvm::enumerate(kernels)) {
    std::string suffix = kernels.size() == 1 ? "" : ("_" + Twine(number)).str();
    outline(func, ops, func.getSymName() + suffix + "_kernel");
  }
  // A host op may now stand before the dispatch whose result it reads.
  (void)mlir::sortTopologically(&func.getBody().front());
  return success();
}

void ANEPartition::runOnOperation() {
  SmallVector<std::string> rules(weightsFor.begin(), weightsFor.end());
  if (failed(strategies.read(getOperation(), weights, rules)))
    return signalPassFailure();
  auto strategyOf = [&](Value value) -> StringRef {
    Attribute parameter = parameterOf(value);
    return parameter
               ? strategies.of(cast<FlatSymbolRefAttr>(parameter).getValue())
               : "";
  };
  KernelNeeds needs(*profile, strategyOf);
  for (FuncOp func : llvm::to_vector(getOperation().getOps<FuncOp>()))
    if (!func.isKernel() && failed(partition(func, needs)))
      return signalPassFailure();
  shareKernels(getOperation(), needs);
}

} // namespace
