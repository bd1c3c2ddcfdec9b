//===- NNWitness.cpp - nn-witness -----------------------------------------===//
//
// On the device an overflow can vanish on its way to the gradients: inf - inf
// is 0 there. So a kernel returns the largest magnitude of each product that
// the loss scale reaches, and the training step the largest of all.
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"
#include "dialect/NN/NN.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

namespace anec {
#define GEN_PASS_DEF_NNWITNESSPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// Features of a witness: one number for each token.
constexpr int64_t witnessFeatures = 1;

using Values = llvm::DenseSet<Value>;

bool readsAny(Operation &op, const Values &values) {
  return llvm::any_of(op.getOperands(),
                      [&](Value value) { return values.contains(value); });
}

struct NNWitness : anec::impl::NNWitnessPassBase<NNWitness> {
  void runOnOperation() override;

private:
  void follow(FuncOp func, Values &reached);
  unsigned addToKernel(FuncOp kernel,
                       const llvm::DenseSet<unsigned> &arguments);
  void addToCallers(FuncOp func, bool isRoot);
  void extendScans(FuncOp block, unsigned added);
  void appendResults(FuncOp func, ArrayRef<Value> values);

  /// Which arguments of a kernel the loss scale reaches, in any dispatch.
  llvm::MapVector<FuncOp, llvm::DenseSet<unsigned>> reachedArguments;
  llvm::DenseSet<Operation *> reachedDispatches;
  llvm::DenseMap<Operation *, unsigned> witnesses; ///< Of each kernel.
};

/// Adds to `reached` everything of `func` that depends on it.
void NNWitness::follow(FuncOp func, Values &reached) {
  SymbolTable symbols(getOperation());
  for (Operation &op : func.getBody().front()) {
    if (!readsAny(op, reached))
      continue;
    reached.insert(op.result_begin(), op.result_end());
    if (auto scan = dyn_cast<ScanOp>(op)) {
      auto block = symbols.lookup<FuncOp>(scan.getCallee());
      Values inside;
      for (auto [operand, argument] :
           llvm::zip_equal(scan.getOperands(), block.getArguments()))
        if (reached.contains(operand))
          inside.insert(argument);
      follow(block, inside);
    } else if (auto dispatch = dyn_cast<DispatchOp>(op)) {
      auto kernel = symbols.lookup<FuncOp>(dispatch.getKernel());
      reachedDispatches.insert(dispatch);
      for (OpOperand &operand : dispatch->getOpOperands())
        if (reached.contains(operand.get()))
          reachedArguments[kernel].insert(operand.getOperandNumber());
    }
  }
}

/// Appends results to a function that are there already.
void NNWitness::appendResults(FuncOp func, ArrayRef<Value> values) {
  OpBuilder builder(&getContext());
  func.getReturn().getValuesMutable().append(values);
  func.setType(builder.getFunctionType(func.getArgumentTypes(),
                                       func.getReturn().getOperandTypes()));
}

/// One witness for each length of sequence: its rows are tokens. Returns how
/// many.
unsigned NNWitness::addToKernel(FuncOp kernel,
                                const llvm::DenseSet<unsigned> &arguments) {
  Values reached;
  for (unsigned number : arguments)
    reached.insert(kernel.getArgument(number));
  // Activations [B, S, D], or scores [B, H, S, S].
  llvm::MapVector<RankedTensorType, SmallVector<Value>> products;
  // Gradients of matrices have no tokens: they join what they are sums over.
  SmallVector<MatmulOp> gradients;
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    if (!readsAny(op, reached))
      continue;
    reached.insert(op.result_begin(), op.result_end());
    if (!op.hasTrait<Product>())
      continue;
    auto matmul = dyn_cast<MatmulOp>(op);
    if (matmul && matmul.getTransposeA()) {
      gradients.push_back(matmul);
      continue;
    }
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    products[type.clone({type.getDimSize(0),
                         type.getDimSize(type.getRank() - 2), witnessFeatures})]
        .push_back(op.getResult(0));
  }
  for (MatmulOp gradient : gradients) {
    auto summed = gradient.getA().getType();
    products[summed.clone(
                 {summed.getDimSize(0), summed.getDimSize(1), witnessFeatures})]
        .push_back(gradient.getY());
  }
  OpBuilder builder(kernel.getReturn());
  SmallVector<Value> found;
  for (const auto &[type, values] : products)
    found.push_back(
        OverflowWitnessOp::create(builder, kernel.getLoc(), type, values)
            .getY());
  appendResults(kernel, found);
  return found.size();
}

/// Gives the dispatches of `func` their new results and returns the magnitudes.
void NNWitness::addToCallers(FuncOp func, bool isRoot) {
  SymbolTable symbols(getOperation());
  SmallVector<Value> found;
  for (auto dispatch : llvm::make_early_inc_range(func.getOps<DispatchOp>())) {
    auto kernel = symbols.lookup<FuncOp>(dispatch.getKernel());
    unsigned added = witnesses.lookup(kernel);
    if (added == 0)
      continue;
    OpBuilder builder(dispatch);
    auto replacement =
        DispatchOp::create(builder, dispatch.getLoc(), kernel.getResultTypes(),
                           dispatch.getKernel(), dispatch.getOperands());
    dispatch->replaceAllUsesWith(replacement.getResults().drop_back(added));
    if (reachedDispatches.contains(dispatch))
      for (Value witness : replacement.getResults().take_back(added))
        found.push_back(MaxMagnitudeOp::create(
            builder, dispatch.getLoc(),
            RankedTensorType::get({}, builder.getF32Type()), witness));
    dispatch.erase();
  }
  if (found.empty())
    return;
  appendResults(func, found);
  if (!isRoot)
    extendScans(func, found.size());
}

/// Scans of `block` collect its new results, the training step returns them.
void NNWitness::extendScans(FuncOp block, unsigned added) {
  SmallVector<ScanOp> scans;
  getOperation().walk([&](ScanOp scan) {
    if (scan.getCallee() == block.getSymName())
      scans.push_back(scan);
  });
  for (ScanOp scan : scans) {
    OpBuilder builder(scan);
    SmallVector<Type> types(scan.getResultTypes());
    for (Type type : block.getResultTypes().take_back(added))
      types.push_back(StackType::get(&getContext(), scan.getCount(), type));
    auto replacement = ScanOp::create(
        builder, scan.getLoc(), types, block.getSymName(), scan.getCount(),
        scan.getReverse(), scan.getCarries(), scan.getEach());
    scan->replaceAllUsesWith(replacement.getResults().drop_back(added));
    auto caller = scan->getParentOfType<FuncOp>();
    scan.erase();
    if (caller.getSymName() == "train_step")
      appendResults(caller, SmallVector<Value>(
                                replacement.getResults().take_back(added)));
  }
}

void NNWitness::runOnOperation() {
  reachedArguments.clear();
  reachedDispatches.clear();
  witnesses.clear();
  auto step = SymbolTable(getOperation()).lookup<FuncOp>("train_step");
  if (!step)
    return;
  Values reached;
  for (auto scale : step.getOps<LossScaleOp>())
    reached.insert(scale.getResult());
  follow(step, reached);
  for (auto &[kernel, arguments] : reachedArguments)
    witnesses[kernel] = addToKernel(kernel, arguments);
  for (FuncOp func : llvm::to_vector(getOperation().getOps<FuncOp>()))
    if (!func.isKernel())
      addToCallers(func, func == step);
}

} // namespace
