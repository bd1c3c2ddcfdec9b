//===- NNDeriveGains.cpp - nn-derive-gains --------------------------------===//
//
// The gradient of a norm's gain needs the gradient of the norm's result, which
// is read from the device for nothing else. It is also a sum over what the host
// has: y = W (g * n) gives dW[i,j] = g[j] * sum_t dy[i,t] n[j,t] and
// dg[j] = sum_i W[i,j] * sum_t dy[i,t] n[j,t] = sum_i W[i,j] dW[i,j] / g[j].
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"
#include "compiler/Transforms/Placement.h"

#include "mlir/IR/Builders.h"

namespace anec {
#define GEN_PASS_DEF_NNDERIVEGAINSPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// A gain's gradient that can be derived.
struct Derivable {
  RmsNormGainGradOp gradient;
  RmsNormOp norm;
  SmallVector<MatmulOp> weightGradients;
  SmallVector<BlockArgument> weights;
  unsigned result; ///< Of the joint block: the gain's gradient.
};

struct NNDeriveGains : anec::impl::NNDeriveGainsPassBase<NNDeriveGains> {
  void runOnOperation() override;

private:
  std::optional<Derivable> findIn(ScanBackwardOp scan, FuncOp joint);
  bool addProducts(FuncOp joint, ScanBackwardOp scan, Derivable &found);
  void derive(ScanBackwardOp scan, FuncOp joint, const Derivable &found);
  bool isOnlyGradient(StringRef parameter, ScanBackwardOp scan,
                      unsigned result);

  SmallVector<Attribute> derived;
};

unsigned primalResults(FuncOp joint) {
  return joint->getAttrOfType<IntegerAttr>("primal_results").getInt();
}

ArrayRef<int64_t> differentiated(FuncOp joint) {
  return joint->getAttrOfType<DenseI64ArrayAttr>("differentiated").asArrayRef();
}

/// The result of `joint` that is the gradient of `argument`, if there is one.
std::optional<unsigned> gradientResult(FuncOp joint, BlockArgument argument) {
  for (auto [index, input] : llvm::enumerate(differentiated(joint)))
    if (input == int64_t(argument.getArgNumber()))
      return primalResults(joint) + unsigned(index);
  return std::nullopt;
}

FlatSymbolRefAttr parameterOf(FuncOp joint, BlockArgument argument) {
  return joint.getArgAttrOfType<FlatSymbolRefAttr>(argument.getArgNumber(),
                                                   "nn.parameter");
}

/// Whether nothing but `scan` contributes to the gradient of `parameter`.
bool NNDeriveGains::isOnlyGradient(StringRef parameter, ScanBackwardOp scan,
                                   unsigned result) {
  Value stack = scan.getResult(result);
  if (!stack.hasOneUse())
    return false;
  bool found = false, others = false;
  getOperation().walk([&](AccumulateOp op) {
    if (op.getParameter() == parameter)
      (op.getGradient() == stack ? found : others) = true;
  });
  return found && !others;
}

/// Every reader of the norm: a product with a weight, and the gradient of that
/// weight, which is all that is known of it.
bool NNDeriveGains::addProducts(FuncOp joint, ScanBackwardOp scan,
                                Derivable &found) {
  unsigned results = primalResults(joint);
  for (OpOperand &use : found.norm.getY().getUses()) {
    if (auto linear = dyn_cast<LinearOp>(use.getOwner())) {
      auto weight = dyn_cast<BlockArgument>(linear.getWeight());
      if (use.getOperandNumber() != 0 || !weight ||
          !parameterOf(joint, weight) || !gradientResult(joint, weight))
        return false;
      found.weights.push_back(weight);
    } else if (auto matmul = dyn_cast<MatmulOp>(use.getOwner())) {
      if (!matmul.getTransposeA() || use.getOperandNumber() != 1 ||
          !matmul->hasOneUse() || getPlace(matmul) != Place::Host)
        return false;
      found.weightGradients.push_back(matmul);
    } else {
      return false;
    }
  }
  // A use list has no order of its own.
  llvm::sort(found.weights, [](BlockArgument a, BlockArgument b) {
    return a.getArgNumber() < b.getArgNumber();
  });
  for (BlockArgument weight : found.weights) {
    unsigned result = *gradientResult(joint, weight);
    auto gradient =
        joint.getReturn().getOperand(result).getDefiningOp<MatmulOp>();
    if (!llvm::is_contained(found.weightGradients, gradient) ||
        !isOnlyGradient(parameterOf(joint, weight).getValue(), scan,
                        result - results))
      return false;
  }
  return found.weights.size() == found.weightGradients.size();
}

std::optional<Derivable> NNDeriveGains::findIn(ScanBackwardOp scan,
                                               FuncOp joint) {
  for (auto gradient : joint.getOps<RmsNormGainGradOp>()) {
    Operation *producer = gradient.getDy().getDefiningOp();
    if (!gradient->hasOneUse() || !producer ||
        getPlace(producer) != Place::Device ||
        !isa<ReturnOp>(*gradient->user_begin()))
      continue;
    Derivable found{gradient, {}, {}, {}, 0};
    found.result = gradient->use_begin()->getOperandNumber();
    BlockArgument gain = joint.getArgument(
        differentiated(joint)[found.result - primalResults(joint)]);
    for (Operation *user : gain.getUsers())
      if (auto norm = dyn_cast<RmsNormOp>(user))
        found.norm = norm;
    Value stack = scan.getResult(found.result - primalResults(joint));
    if (found.norm && found.norm.getX() == gradient.getX() &&
        stack.hasOneUse() && isa<AccumulateOp>(*stack.user_begin()) &&
        addProducts(joint, scan, found) && !found.weights.empty())
      return found;
  }
  return std::nullopt;
}

/// Takes the gradient out of the block and of the scan.
void NNDeriveGains::derive(ScanBackwardOp scan, FuncOp joint,
                           const Derivable &found) {
  OpBuilder builder(joint.getReturn());
  unsigned index = found.result - primalResults(joint);
  BlockArgument gain = joint.getArgument(differentiated(joint)[index]);
  for (BlockArgument weight : found.weights)
    derived.push_back(builder.getDictionaryAttr(
        {builder.getNamedAttr("weight", parameterOf(joint, weight)),
         builder.getNamedAttr("gain", parameterOf(joint, gain))}));

  RmsNormOp norm = found.norm;
  Operation *first = found.weightGradients.front();
  for (MatmulOp gradient : found.weightGradients)
    if (gradient->isBeforeInBlock(first))
      first = gradient;
  builder.setInsertionPoint(first);
  auto factor =
      RmsNormNonzeroOp::create(builder, norm.getLoc(), norm.getType(),
                               norm.getX(), norm.getGain(), norm.getEpsAttr());
  setPlace(factor, Place::Host);
  for (MatmulOp gradient : found.weightGradients)
    gradient.getBMutable().assign(factor.getY());

  joint.getReturn().getValuesMutable().erase(found.result);
  found.gradient->erase();
  joint.setType(builder.getFunctionType(joint.getArgumentTypes(),
                                        joint.getReturn().getOperandTypes()));
  SmallVector<int64_t> inputs(differentiated(joint));
  inputs.erase(inputs.begin() + index);
  joint->setAttr("differentiated", builder.getDenseI64ArrayAttr(inputs));
}

void NNDeriveGains::runOnOperation() {
  derived.clear();
  SymbolTable symbols(getOperation());
  SmallVector<ScanBackwardOp> scans;
  getOperation().walk([&](ScanBackwardOp scan) { scans.push_back(scan); });
  for (ScanBackwardOp scan : scans) {
    auto joint = symbols.lookup<FuncOp>(scan.getCallee());
    if (llvm::count_if(scans, [&](ScanBackwardOp other) {
          return other.getCallee() == scan.getCallee();
        }) != 1)
      continue;
    while (std::optional<Derivable> found = findIn(scan, joint)) {
      unsigned index = found->result - primalResults(joint);
      derive(scan, joint, *found);
      scan.getResult(index).user_begin()->erase();
      OpBuilder builder(scan);
      SmallVector<Type> types(scan.getResultTypes());
      types.erase(types.begin() + index);
      auto shorter = ScanBackwardOp::create(builder, scan.getLoc(), types,
                                            scan.getCallee(), scan.getCount(),
                                            scan.getTape(), scan.getCarries());
      SmallVector<Value> old(scan.getResults());
      old.erase(old.begin() + index);
      for (auto [from, to] : llvm::zip_equal(old, shorter.getResults()))
        from.replaceAllUsesWith(to);
      scan.erase();
      scan = shorter;
    }
  }
  if (!derived.empty())
    getOperation()->setAttr("derived_gains",
                            ArrayAttr::get(&getContext(), derived));
}

} // namespace
