//===- Vocabulary.cpp - Which dimensions are the vocabulary ---------------===//

#include "compiler/Transforms/Vocabulary.h"

using namespace mlir;
using namespace anec;
using namespace anec::nn;

bool anec::readsTokens(ModelOp model) {
  return llvm::any_of(model.getOps<FuncOp>(), [](FuncOp func) {
    for (unsigned i = 0, e = func.getNumArguments(); i < e; ++i) {
      auto role = func.getArgAttrOfType<StringAttr>(i, "nn.role");
      if (role && role.getValue() == "tokens")
        return true;
    }
    return false;
  });
}

Vocabulary::Vocabulary(ModelOp model) {
  if (model->hasAttr("active_rows")) {
    markFixed(model);
    return;
  }
  // Without tokens there are classes, which a loss compares all with each
  // other.
  if (!readsTokens(model))
    return;
  for (FuncOp func : model.getOps<FuncOp>())
    findParameters(func);
  bool allowed = !parameters.empty();
  model.walk([&](GetOp get) {
    if (!parameters.contains(get.getParameter()))
      return;
    auto type = dyn_cast<RankedTensorType>(get.getValue().getType());
    allowed &= type && type.getDimSize(0) == rows && usesAllow(get);
  });
  compactable = allowed;
  if (compactable)
    for (FuncOp func : model.getOps<FuncOp>())
      markValues(func);
  // A kernel is compiled for one number of classes.
  model.walk([&](DispatchOp dispatch) {
    for (Value operand : dispatch.getOperands())
      compactable &= !dimensions.contains(operand);
  });
  if (!compactable)
    dimensions.clear();
}

/// Rows are compiled in: every table of that height is the vocabulary's.
void Vocabulary::markFixed(ModelOp model) {
  rows = model->getAttrOfType<IntegerAttr>("full_vocabulary").getInt();
  fixed = model->getAttrOfType<IntegerAttr>("active_rows").getInt();
  compactable = true;
  for (auto parameter : model.getOps<ParameterOp>()) {
    auto type = cast<RankedTensorType>(parameter.getType());
    if (type.getRank() == 2 && type.getDimSize(0) == fixed)
      parameters.insert(parameter.getSymName());
  }
}

/// The classifier's weight, found from the loss, and embedding tables.
void Vocabulary::findParameters(FuncOp func) {
  for (Operation &loss : func.getBody().front()) {
    if (!isa<CrossEntropyOp, LogLossOp>(loss))
      continue;
    Value classes = loss.getOperand(0); // Logits, or probabilities.
    rows = cast<RankedTensorType>(classes.getType()).getDimSize(2);
    Operation *op = classes.getDefiningOp();
    while (op && op->hasTrait<Cheap>())
      op = op->getOperand(0).getDefiningOp();
    if (auto linear = dyn_cast_or_null<LinearOp>(op))
      if (auto get = linear.getWeight().getDefiningOp<GetOp>())
        parameters.insert(get.getParameter());
  }
  for (auto loss : func.getOps<PeakLogLossOp>())
    rows = cast<RankedTensorType>(loss.getWeight().getType()).getDimSize(0);
  for (auto embedding : func.getOps<EmbeddingOp>())
    if (auto get = embedding.getTable().getDefiningOp<GetOp>())
      parameters.insert(get.getParameter());
}

/// Host ops that work with any number of rows.
bool Vocabulary::usesAllow(GetOp get) const {
  return llvm::all_of(get.getValue().getUses(), [](OpOperand &use) {
    return isa<EmbeddingOp, LinearOp, MatmulOp>(use.getOwner()) &&
           use.getOperandNumber() == 1;
  });
}

void Vocabulary::markValues(FuncOp func) {
  for (Operation &op : func.getBody().front()) {
    if (op.getNumResults() != 1)
      continue;
    Value result = op.getResult(0);
    auto marked = [&](Value value) { return dimensions.contains(value); };
    auto isRows = [&](Value value) {
      auto get = value.getDefiningOp<GetOp>();
      return get && parameters.contains(get.getParameter());
    };
    if (auto linear = dyn_cast<LinearOp>(op)) {
      if (isRows(linear.getWeight()))
        dimensions[result] = 2;
    } else if (auto matmul = dyn_cast<MatmulOp>(op)) {
      if (matmul.getTransposeA() && marked(matmul.getA()))
        dimensions[result] = 0;
    } else if (isa<EmbeddingGradOp>(op)) {
      dimensions[result] = 0;
    } else {
      for (Value operand : op.getOperands())
        if (marked(operand) && operand.getType() == result.getType())
          dimensions[result] = dimensions[operand];
    }
  }
}

SmallVector<int64_t> Vocabulary::dimensionsOf(Value value) const {
  auto found = dimensions.find(value);
  if (found == dimensions.end())
    return {};
  return {found->second};
}
