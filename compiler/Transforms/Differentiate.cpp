//===- Differentiate.cpp - Reverse mode over one function body ------------===//

#include "compiler/Transforms/Differentiate.h"

using namespace mlir;
using namespace anec;
using namespace anec::nn;

void anec::propagateActivity(Operation &op, ActiveValues &active) {
  if (isa<StopGradientOp>(op))
    return;
  if (!llvm::any_of(op.getOperands(),
                    [&](Value operand) { return active.contains(operand); }))
    return;
  for (Value result : op.getResults())
    active.insert(result);
}

void Gradients::add(OpBuilder &builder, Value value, Value gradient) {
  if (value.getDefiningOp<GetOp>()) {
    parameters[value].push_back(gradient);
    return;
  }
  Value &sum = sums[value];
  sum =
      sum ? AddOp::create(builder, gradient.getLoc(), sum, gradient).getResult()
          : gradient;
}

ArrayRef<Value> Gradients::contributions(Value parameter) const {
  auto found = parameters.find(parameter);
  return found == parameters.end() ? ArrayRef<Value>() : found->second;
}

LogicalResult Gradients::visit(OpBuilder &builder, Operation &op,
                               const ActiveValues &active) {
  SmallVector<Value> resultGrads;
  for (Value result : op.getResults())
    resultGrads.push_back(of(result));
  if (resultGrads.empty() || llvm::is_contained(resultGrads, Value()))
    return success();
  if (llvm::none_of(op.getOperands(),
                    [&](Value operand) { return active.contains(operand); }))
    return success();

  auto rule = dyn_cast<DifferentiableOpInterface>(op);
  if (!rule)
    return op.emitOpError("has no gradient rule, but a trainable parameter is "
                          "below it");
  SmallVector<Value> operandGrads(op.getNumOperands());
  if (failed(rule.buildVJP(builder, resultGrads, operandGrads)))
    return failure();
  for (auto [operand, gradient] : llvm::zip(op.getOperands(), operandGrads)) {
    if (!gradient || !active.contains(operand))
      continue;
    if (op.getName().stripDialect() == brokenRule)
      gradient = ScaleOp::create(builder, op.getLoc(), gradient.getType(),
                                 gradient, builder.getF64FloatAttr(-1.0));
    add(builder, operand, gradient);
  }
  return success();
}

void anec::eraseDeadOps(Block &block) {
  for (Operation &op :
       llvm::make_early_inc_range(llvm::reverse(block.getOperations())))
    if (isOpTriviallyDead(&op))
      op.erase();
}
