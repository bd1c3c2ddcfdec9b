//===- NNFoldGains.cpp - nn-fold-gains ------------------------------------===//
//
// y = W (g * n) = (W diag(g)) n, and the gradient of n is (W diag(g))^T dy: a
// gain costs a kernel an input to cut out and a multiplication in each
// direction, or nothing when the weights are staged with their columns scaled.
// A small gain makes small weights: only for targets that compute with
// subnormal numbers.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "dialect/NN/NN.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace anec {
#define GEN_PASS_DEF_NNFOLDGAINSPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// Everything in kernels that a gain reaches.
struct Fold {
  FlatSymbolRefAttr gain;
  llvm::SetVector<Operation *> norms;    ///< Norms and their gradients.
  llvm::SetVector<Operation *> products; ///< With a weight of `weights`.
  llvm::SetVector<Attribute> weights;    ///< Parameters that would hold it.
};

struct NNFoldGains : anec::impl::NNFoldGainsPassBase<NNFoldGains> {
  using NNFoldGainsPassBase::NNFoldGainsPassBase;
  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }
  void runOnOperation() override;

private:
  bool addProduct(Operation *product, Value weight, Fold &fold);
  bool addReaders(RmsNormOp norm, Fold &fold);
  bool addSources(Value dy, Fold &fold);
  bool canHold(FlatSymbolRefAttr weight, const Fold &fold);
  bool isFoldable(Fold &fold);
  void apply(const Fold &fold);
  void eraseArguments(FlatSymbolRefAttr gain);

  ParameterOp parameter(Attribute name) {
    return SymbolTable(getOperation())
        .lookup<ParameterOp>(cast<FlatSymbolRefAttr>(name).getValue());
  }

  std::optional<rt::target::Profile> profile;
  /// The kernel arguments that a parameter is.
  llvm::MapVector<Attribute, SmallVector<BlockArgument>> arguments;
};

FuncOp kernelOf(BlockArgument argument) {
  return cast<FuncOp>(argument.getOwner()->getParentOp());
}

FlatSymbolRefAttr parameterOf(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument)
    return {};
  return kernelOf(argument).getArgAttrOfType<FlatSymbolRefAttr>(
      argument.getArgNumber(), "nn.parameter");
}

bool NNFoldGains::addProduct(Operation *product, Value weight, Fold &fold) {
  FlatSymbolRefAttr name = parameterOf(weight);
  if (!name)
    return false;
  fold.products.insert(product);
  fold.weights.insert(name);
  return true;
}

/// Whether nothing but products with weights reads the norm.
bool NNFoldGains::addReaders(RmsNormOp norm, Fold &fold) {
  for (OpOperand &use : norm.getY().getUses()) {
    auto linear = dyn_cast<LinearOp>(use.getOwner());
    if (!linear || use.getOperandNumber() != 0 ||
        !addProduct(linear, linear.getWeight(), fold))
      return false;
  }
  return true;
}

/// Whether `dy` is a sum of products with weights, and nobody else reads a part
/// of it: the gain multiplies all of them.
bool NNFoldGains::addSources(Value dy, Fold &fold) {
  Operation *source = dy.getDefiningOp();
  if (!source || !dy.hasOneUse())
    return false;
  if (auto sum = dyn_cast<AddOp>(source))
    return addSources(sum.getX(), fold) && addSources(sum.getY(), fold);
  auto matmul = dyn_cast<MatmulOp>(source);
  return matmul && !matmul.getTransposeA() &&
         addProduct(matmul, matmul.getB(), fold);
}

/// Whether `weight` has no reader that wants it without the gain, and is staged
/// after each update that changes the gain anyway.
bool NNFoldGains::canHold(FlatSymbolRefAttr weight, const Fold &fold) {
  ParameterOp matrix = parameter(weight), vector = parameter(fold.gain);
  if (!matrix || !vector || (vector.getTrainable() && !matrix.getTrainable()))
    return false;
  // A weight that several blocks share would hold the gains of all.
  if (vector.getCount() != 1 && vector.getCount() != matrix.getCount())
    return false;
  return llvm::all_of(arguments[weight], [&](BlockArgument argument) {
    return llvm::all_of(argument.getUsers(), [&](Operation *user) {
      return fold.products.contains(user);
    });
  });
}

bool NNFoldGains::isFoldable(Fold &fold) {
  for (BlockArgument argument : arguments[fold.gain])
    for (Operation *user : argument.getUsers()) {
      fold.norms.insert(user);
      auto gradient = dyn_cast<RmsNormGradOp>(user);
      auto norm = dyn_cast<RmsNormOp>(user);
      if (!(gradient && gradient.getGain() == argument &&
            addSources(gradient.getDy(), fold)) &&
          !(norm && norm.getGain() == argument && addReaders(norm, fold)))
        return false;
    }
  return !fold.weights.empty() &&
         llvm::all_of(fold.weights, [&](Attribute weight) {
           return canHold(cast<FlatSymbolRefAttr>(weight), fold);
         });
}

/// Takes a parameter out of the kernels, none of which reads it any more.
void NNFoldGains::eraseArguments(FlatSymbolRefAttr gain) {
  llvm::MapVector<StringAttr, llvm::BitVector> erased;
  for (BlockArgument argument : arguments[gain]) {
    FuncOp kernel = kernelOf(argument);
    auto &numbers = erased[kernel.getSymNameAttr()];
    numbers.resize(kernel.getNumArguments());
    numbers.set(argument.getArgNumber());
  }
  getOperation().walk([&](DispatchOp dispatch) {
    auto *found = erased.find(dispatch.getKernelAttr().getAttr());
    if (found != erased.end())
      dispatch->eraseOperands(found->second);
  });
  SymbolTable symbols(getOperation());
  for (auto &[name, numbers] : erased)
    (void)symbols.lookup<FuncOp>(name).eraseArguments(numbers);
}

void NNFoldGains::apply(const Fold &fold) {
  for (Operation *op : fold.norms)
    if (auto norm = dyn_cast<RmsNormOp>(op))
      norm.getGainMutable().clear();
    else
      cast<RmsNormGradOp>(op).getGainMutable().clear();
  for (Attribute weight : fold.weights)
    for (BlockArgument argument : arguments[weight])
      kernelOf(argument).setArgAttr(argument.getArgNumber(), "nn.column_scale",
                                    fold.gain);
  eraseArguments(fold.gain);
  arguments.erase(fold.gain);
}

void NNFoldGains::runOnOperation() {
  if (profile->refuses(rt::target::Rule::NumDenormals))
    return;
  arguments.clear();
  for (FuncOp func : getOperation().getOps<FuncOp>())
    if (func.isKernel())
      for (BlockArgument argument : func.getArguments())
        if (FlatSymbolRefAttr name = parameterOf(argument))
          arguments[name].push_back(argument);
  SmallVector<Attribute> names =
      llvm::to_vector(llvm::make_first_range(arguments));
  for (Attribute name : names) {
    Fold fold{cast<FlatSymbolRefAttr>(name), {}, {}, {}};
    if (isFoldable(fold))
      apply(fold);
  }
}

} // namespace
