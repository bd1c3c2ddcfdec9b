//===- Resize.cpp - --seq, --batch and --active-vocab ---------------------===//

#include "tools/anec/Resize.h"

#include "compiler/Transforms/Vocabulary.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"

#include <bitset>

using namespace mlir;
using namespace anec;

static void replaceTypes(nn::ModelOp model, AttrTypeReplacer &replacer) {
  replacer.recursivelyReplaceElementsIn(model, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

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
    if ((!tokens && !activation) || type.getDimSize(0) != oldBatch)
      return std::nullopt;
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = batch ? batch : oldBatch;
    if (sequence && shape[1] == oldSequence)
      shape[1] = sequence;
    return type.clone(shape);
  });
  replaceTypes(model, replacer);
  return success();
}

LogicalResult anec::resizeVocabulary(nn::ModelOp model, int64_t rows) {
  int64_t classes = 0;
  if (readsTokens(model))
    model.walk([&](nn::CrossEntropyOp loss) {
      if (auto type = dyn_cast<RankedTensorType>(loss.getLogits().getType()))
        if (type.getRank() == 3)
          classes = type.getDimSize(2);
    });
  if (classes == 0)
    return model.emitOpError("has no nn.cross_entropy whose vocabulary "
                             "--active-vocab could make smaller");
  if (rows > classes)
    return model.emitOpError("expects --active-vocab of at most ")
           << classes << ", but got " << rows;
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](RankedTensorType type) -> std::optional<Type> {
    SmallVector<int64_t> shape(type.getShape());
    bool table = type.getRank() == 2 && type.getElementType().isF32();
    if (table && shape[0] == classes)
      shape[0] = rows;
    else if (type.getRank() == 3 && shape[2] == classes)
      shape[2] = rows;
    else
      return std::nullopt;
    return type.clone(shape);
  });
  replaceTypes(model, replacer);
  Builder builder(model.getContext());
  model->setAttr("full_vocabulary", builder.getI64IntegerAttr(classes));
  model->setAttr("active_rows", builder.getI64IntegerAttr(rows));
  return success();
}

llvm::Expected<int64_t> anec::readActiveVocabulary(StringRef text) {
  int64_t number = 0;
  if (!text.getAsInteger(10, number)) {
    if (number > 0)
      return number;
    return llvm::createStringError("expects --active-vocab above 0, but got " +
                                   text);
  }
  auto file = llvm::MemoryBuffer::getFile(text);
  if (!file)
    return llvm::createStringError(file.getError(),
                                   "cannot open '" + text +
                                       "': " + file.getError().message());
  StringRef bytes = (*file)->getBuffer();
  if (bytes.empty() || bytes.size() % 2)
    return llvm::createStringError("expects '" + text +
                                   "' to hold uint16 token ids, but it has " +
                                   std::to_string(bytes.size()) + " bytes");
  auto seen = std::make_unique<std::bitset<65536>>();
  for (size_t i = 0; i < bytes.size(); i += 2)
    seen->set(llvm::support::endian::read16le(bytes.data() + i));
  return int64_t(llvm::alignTo(seen->count(), 32));
}
