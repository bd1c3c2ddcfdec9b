//===- Resize.cpp - --seq and --batch -------------------------------------===//

#include "tools/anec/Resize.h"

#include "mlir/IR/AttrTypeSubElements.h"

using namespace mlir;
using namespace anec;

LogicalResult anec::resize(nn::ModelOp model, int64_t batch, int64_t sequence) {
  if (!batch && !sequence)
    return success();
  RankedTensorType first;
  for (auto func : model.getOps<nn::FuncOp>())
    if (func.isPublic() && func.getNumArguments())
      first = dyn_cast<RankedTensorType>(func.getArgument(0).getType());
  if (!first || first.getRank() < 2)
    return model.emitOpError("expects the loss to have an argument [batch, "
                             "sequence, ...] for --seq and --batch");
  int64_t oldBatch = first.getDimSize(0), oldSequence = first.getDimSize(1);

  AttrTypeReplacer replacer;
  replacer.addReplacement([&](RankedTensorType type) -> std::optional<Type> {
    bool tokens = type.getRank() == 2 && type.getElementType().isInteger(32);
    bool activation = type.getRank() == 3;
    if ((!tokens && !activation) || type.getDimSize(0) != oldBatch ||
        type.getDimSize(1) != oldSequence)
      return std::nullopt;
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = batch ? batch : oldBatch;
    shape[1] = sequence ? sequence : oldSequence;
    return type.clone(shape);
  });
  replacer.recursivelyReplaceElementsIn(model, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  return success();
}
