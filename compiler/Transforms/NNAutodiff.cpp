//===- NNAutodiff.cpp - nn-autodiff ---------------------------------------===//
//
// Reverse-mode differentiation of the loss. Blocks are differentiated once,
// however often they are repeated: forward and backward end up in one joint
// body, and which values cross between them is decided later, by cost.
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"
#include "compiler/Transforms/Differentiate.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace anec {
#define GEN_PASS_DEF_NNAUTODIFFPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

struct NNAutodiff : anec::impl::NNAutodiffPassBase<NNAutodiff> {
  using NNAutodiffPassBase::NNAutodiffPassBase;
  void runOnOperation() override;

private:
  FailureOr<FuncOp> findLoss();
  void markScan(ScanOp scan, ActiveValues &active);
  LogicalResult differentiate(FuncOp step);
  LogicalResult differentiateScan(OpBuilder &builder, ScanOp scan,
                                  Gradients &gradients,
                                  const ActiveValues &active);
  FailureOr<FuncOp> buildJoint(ScanOp scan, const ActiveValues &active);
  void buildLogits(FuncOp evaluation);

  FuncOp block(ScanOp scan) {
    return SymbolTable(getOperation()).lookup<FuncOp>(scan.getCallee());
  }
};

/// The one public function; it must return the loss.
FailureOr<FuncOp> NNAutodiff::findLoss() {
  FuncOp loss;
  for (FuncOp func : getOperation().getOps<FuncOp>()) {
    if (!func.isPublic())
      continue;
    if (loss)
      return func.emitOpError("expects one public function, the loss, but '")
             << loss.getSymName() << "' is public as well";
    loss = func;
  }
  auto scalar = RankedTensorType::get({}, Float32Type::get(&getContext()));
  if (!loss)
    return getOperation().emitOpError("expects a public function that returns "
                                      "the loss");
  if (loss.getResultTypes() != ArrayRef<Type>(scalar))
    return loss.emitOpError("expects the public function to return the loss, "
                            "tensor<f32>, but got (")
           << loss.getResultTypes() << ")";
  return loss;
}

/// Activity inside a scanned block, given which of its arguments are active.
ActiveValues activityOfBlock(FuncOp func, ArrayRef<bool> arguments) {
  ActiveValues active;
  for (auto [argument, isActive] : llvm::zip(func.getArguments(), arguments))
    if (isActive)
      active.insert(argument);
  for (Operation &op : func.getBody().front())
    propagateActivity(op, active);
  return active;
}

/// Which arguments of the scanned block are active: a carry also becomes so
/// when the block makes it active, for every later iteration.
SmallVector<bool> activeArguments(FuncOp func, ScanOp scan,
                                  const ActiveValues &active) {
  SmallVector<bool> arguments;
  for (Value operand : scan.getOperands())
    arguments.push_back(active.contains(operand));
  for (bool changed = true; changed;) {
    changed = false;
    ActiveValues inside = activityOfBlock(func, arguments);
    for (unsigned i = 0, e = scan.getCarries().size(); i < e; ++i)
      if (!arguments[i] && inside.contains(func.getReturn().getOperand(i)))
        changed = arguments[i] = true;
  }
  return arguments;
}

void NNAutodiff::markScan(ScanOp scan, ActiveValues &active) {
  SmallVector<bool> arguments = activeArguments(block(scan), scan, active);
  for (auto [result, isActive] : llvm::zip(scan.getCarryResults(), arguments))
    if (isActive)
      active.insert(result);
}

/// The block with its backward behind its forward, in one body:
/// (inputs, gradients of active results) -> (results, gradients of inputs).
FailureOr<FuncOp> NNAutodiff::buildJoint(ScanOp scan,
                                         const ActiveValues &active) {
  FuncOp func = block(scan);
  SmallVector<bool> arguments = activeArguments(func, scan, active);
  FuncOp joint = func.clone();
  joint.setSymName((func.getSymName() + "_joint").str());
  SymbolTable(getOperation()).insert(joint);

  ActiveValues inside = activityOfBlock(joint, arguments);
  Block &body = joint.getBody().front();
  ReturnOp terminator = joint.getReturn();
  OpBuilder builder(terminator);
  Gradients gradients(breakRule);
  SmallVector<Operation *> forward;
  for (Operation &op : body.without_terminator())
    forward.push_back(&op);

  unsigned inputs = body.getNumArguments(), carries = scan.getCarries().size();
  for (unsigned i = 0; i < carries; ++i)
    if (arguments[i])
      gradients.add(
          builder, terminator.getOperand(i),
          body.addArgument(terminator.getOperand(i).getType(), func.getLoc()));
  for (Operation *op : llvm::reverse(forward))
    if (failed(gradients.visit(builder, *op, inside)))
      return failure();

  SmallVector<Value> results(terminator.getOperands());
  SmallVector<int64_t> differentiated;
  for (unsigned i = 0; i < inputs; ++i) {
    Value gradient = gradients.of(body.getArgument(i));
    if (!arguments[i])
      continue;
    if (!gradient && i < carries)
      return func.emitOpError("expects every carry to reach the results, but "
                              "argument ")
             << i << " does not";
    if (!gradient)
      continue;
    results.push_back(gradient);
    differentiated.push_back(i);
  }
  unsigned primalResults = terminator.getNumOperands();
  terminator.getValuesMutable().assign(results);
  joint.setType(builder.getFunctionType(body.getArgumentTypes(),
                                        ValueRange(results).getTypes()));
  SmallVector<Attribute> argumentAttributes(inputs,
                                            DictionaryAttr::get(&getContext()));
  if (ArrayAttr existing = func.getArgAttrsAttr())
    argumentAttributes.assign(existing.begin(), existing.end());
  argumentAttributes.resize(body.getNumArguments(),
                            DictionaryAttr::get(&getContext()));
  joint.setArgAttrsAttr(builder.getArrayAttr(argumentAttributes));
  joint->setAttr("primal_inputs", builder.getI64IntegerAttr(inputs));
  joint->setAttr("primal_results", builder.getI64IntegerAttr(primalResults));
  joint->setAttr("differentiated",
                 builder.getDenseI64ArrayAttr(differentiated));
  eraseDeadOps(body);
  return joint;
}

/// nn.scan @block -> nn.scan_forward @block_joint, and nn.scan_backward at the
/// end.
LogicalResult NNAutodiff::differentiateScan(OpBuilder &builder, ScanOp scan,
                                            Gradients &gradients,
                                            const ActiveValues &active) {
  if (llvm::none_of(scan.getResults(),
                    [&](Value result) { return gradients.of(result); }))
    return success();
  FailureOr<FuncOp> joint = buildJoint(scan, active);
  if (failed(joint))
    return failure();

  SmallVector<Value> cotangents;
  SmallVector<bool> arguments = activeArguments(block(scan), scan, active);
  for (auto [index, result] : llvm::enumerate(scan.getCarryResults())) {
    if (!arguments[index])
      continue;
    Value gradient = gradients.of(result);
    if (!gradient)
      return scan.emitOpError("expects every differentiated carry to be used "
                              "by the loss, but carry ")
             << index << " is not";
    cotangents.push_back(gradient);
  }

  OpBuilder at(scan);
  SmallVector<Type> types(scan.getCarryResults().getTypes());
  types.push_back(TapeType::get(&getContext()));
  auto forward =
      ScanForwardOp::create(at, scan.getLoc(), types, joint->getSymName(),
                            scan.getCount(), scan.getCarries(), scan.getEach());

  auto differentiated =
      (*joint)->getAttrOfType<DenseI64ArrayAttr>("differentiated").asArrayRef();
  unsigned carries = scan.getCarries().size();
  SmallVector<Type> gradientTypes;
  for (int64_t input : differentiated)
    gradientTypes.push_back(scan.getOperand(input).getType());
  auto backward = ScanBackwardOp::create(builder, scan.getLoc(), gradientTypes,
                                         joint->getSymName(), scan.getCount(),
                                         forward.getTape(), cotangents);
  for (auto [input, gradient] :
       llvm::zip(differentiated, backward.getResults())) {
    Value operand = scan.getOperand(input);
    if (input >= carries || active.contains(operand))
      gradients.add(builder, operand, gradient);
  }
  // Replaced only now: gradients are looked up by the old results.
  for (auto [old, replacement] :
       llvm::zip(scan.getCarryResults(), forward.getResults()))
    old.replaceAllUsesWith(replacement);
  scan.erase();
  return success();
}

LogicalResult NNAutodiff::differentiate(FuncOp step) {
  Block &body = step.getBody().front();
  SymbolTable symbols(getOperation());
  ActiveValues active;
  SmallVector<Operation *> forward;
  for (Operation &op : body.without_terminator()) {
    forward.push_back(&op);
    if (auto get = dyn_cast<GetOp>(op)) {
      if (symbols.lookup<ParameterOp>(get.getParameter()).getTrainable())
        active.insert(get.getValue());
    } else if (auto scan = dyn_cast<ScanOp>(op)) {
      markScan(scan, active);
    } else {
      propagateActivity(op, active);
    }
  }
  ReturnOp terminator = step.getReturn();
  Value loss = terminator.getOperand(0);
  if (!active.contains(loss))
    return step.emitOpError("expects the loss to depend on a trainable "
                            "parameter");

  OpBuilder builder(terminator);
  Gradients gradients(breakRule);
  gradients.add(builder, loss,
                LossScaleOp::create(builder, loss.getLoc(), loss.getType()));
  SmallVector<GetOp> parameters;
  for (Operation *op : llvm::reverse(forward)) {
    if (auto get = dyn_cast<GetOp>(op)) {
      parameters.push_back(get);
    } else if (auto scan = dyn_cast<ScanOp>(op)) {
      if (failed(differentiateScan(builder, scan, gradients, active)))
        return failure();
    } else if (failed(gradients.visit(builder, *op, active))) {
      return failure();
    }
  }
  for (GetOp get : llvm::reverse(parameters))
    for (Value gradient : gradients.contributions(get.getValue()))
      AccumulateOp::create(builder, get.getLoc(), get.getParameter(), gradient);
  eraseDeadOps(body);
  return success();
}

/// @logits: what a cross-entropy loss compares with its targets.
void NNAutodiff::buildLogits(FuncOp evaluation) {
  FuncOp logits = evaluation.clone();
  auto loss = logits.getReturn().getOperand(0).getDefiningOp<CrossEntropyOp>();
  if (!loss) {
    logits.erase();
    return;
  }
  logits.setSymName("logits");
  SymbolTable(getOperation()).insert(logits);
  Block &body = logits.getBody().front();
  logits.getReturn().getValuesMutable().assign(loss.getLogits());
  eraseDeadOps(body);
  for (unsigned i = body.getNumArguments(); i-- > 0;)
    if (body.getArgument(i).use_empty())
      (void)logits.eraseArgument(i);
  logits.setType(FunctionType::get(&getContext(), body.getArgumentTypes(),
                                   logits.getReturn().getOperandTypes()));
}

void NNAutodiff::runOnOperation() {
  FailureOr<FuncOp> loss = findLoss();
  if (failed(loss))
    return signalPassFailure();
  FuncOp step = loss->clone();
  step.setSymName("train_step");
  loss->setSymName("eval_loss");
  SymbolTable(getOperation()).insert(step);
  if (failed(differentiate(step)))
    return signalPassFailure();
  buildLogits(*loss);
  getOperation().walk([](StopGradientOp op) {
    op.replaceAllUsesWith(op.getX());
    op.erase();
  });
}

} // namespace
