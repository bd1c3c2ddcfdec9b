//===- MatmulToConv.cpp - Baked weights become convolutions ---------------===//
//
// A 1x1 convolution with a constant weight has about three times the
// throughput of the same product of two run-time values.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/KernelArguments.h"
#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/StringExtras.h"

namespace anec {
#define GEN_PASS_DEF_MATMULTOCONVPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;

namespace anec {

namespace {

using rt::target::Rule;

/// "layers.*.wq.weight" -> "layers_wq_weight".
std::string fileStem(StringRef parameter) {
  SmallVector<StringRef> parts;
  parameter.split(parts, '.');
  llvm::erase(parts, "*");
  return llvm::join(parts, "_");
}

/// Rewrites the uses of one baked argument and notes what the runtime bakes.
class BakedArgument {
public:
  BakedArgument(mil::FuncOp func, unsigned number,
                const rt::target::Profile &profile,
                SmallVectorImpl<Attribute> &entries)
      : func(func), number(number), argument(func.getArgument(number)),
        profile(profile), builder(func.getContext()), entries(entries) {}

  LogicalResult rewrite() {
    if (!parameterOf(func, number))
      return func.emitOpError("expects nn.parameter on baked argument ")
             << number;
    if (typeOf(argument).getDimSize(3) == 1 &&
        typeOf(argument).getDimSize(1) != 1)
      return rewriteVector();
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : argument.getUses())
      uses.push_back(&use);
    // A use list has no order of its own; files are named in program order.
    llvm::sort(uses, [](OpOperand *a, OpOperand *b) {
      return a->getOwner()->isBeforeInBlock(b->getOwner());
    });
    for (OpOperand *use : uses)
      if (failed(rewriteProduct(*use)))
        return failure();
    return success();
  }

private:
  /// A gain [1,D,1,1] is the constant itself.
  LogicalResult rewriteVector() {
    if (!argument.use_empty())
      argument.replaceAllUsesWith(
          constant(typeOf(argument).getShape(), /*transposed=*/false));
    return success();
  }

  /// mil.matmul(w [1,1,O,I], columns [1,1,I,T]) -> mil.conv(x [1,I,1,T], w)
  LogicalResult rewriteProduct(OpOperand &use) {
    auto product = dyn_cast<mil::MatmulOp>(use.getOwner());
    if (!product || use.getOperandNumber() != 0 || product.getTransposeY() ||
        typeOf(product.getY()).getRank() != 4 ||
        typeOf(product.getY()).getDimSize(1) != 1)
      return use.getOwner()->emitOpError("cannot use ")
             << parameterOf(func, number)
             << " baked: expects a product from the left with [1, 1, I, T]; "
                "pack the parameter instead";
    bool transposed = product.getTransposeX();
    auto columns = typeOf(product.getY());
    auto result = typeOf(product.getOutput());
    int64_t inputs = columns.getDimSize(2), outputs = result.getDimSize(2);
    if (profile.refuses(Rule::Conv32000) &&
        inputs > profile.limit(Rule::Conv32000)) {
      // Too many channels for a convolution, not for a product.
      product.getXMutable().assign(
          constant({1, 1, outputs, inputs}, transposed));
      product.setTransposeX(false);
      return success();
    }
    Value weight = constant({outputs, inputs, 1, 1}, transposed);

    builder.setInsertionPoint(product);
    Location location = product.getLoc();
    Value x =
        mil::ReshapeOp::create(builder, location, product.getY(),
                               {1, static_cast<int32_t>(inputs), 1,
                                static_cast<int32_t>(columns.getDimSize(3))});
    Value y = mil::ConvOp::create(builder, location, x, weight);
    Value matrix =
        mil::ReshapeOp::create(builder, location, y,
                               {1, 1, static_cast<int32_t>(outputs),
                                static_cast<int32_t>(columns.getDimSize(3))});
    product.getOutput().replaceAllUsesWith(matrix);
    product.erase();
    return success();
  }

  /// The constant of this orientation, made once.
  Value constant(ArrayRef<int64_t> shape, bool transposed) {
    Value &known = constants[transposed];
    if (known)
      return known;
    FlatSymbolRefAttr parameter = parameterOf(func, number);
    std::string file = "weights/" + fileStem(parameter.getValue()) +
                       (transposed ? "_t.bin" : ".bin");
    SmallVector<NamedAttribute> fields = {
        field("path", builder.getStringAttr("@model_path/" + file)),
        field("arg", builder.getI64IntegerAttr(number)),
        field("parameter", parameter),
        field("delta",
              builder.getBoolAttr(strategyOf(func, number) == "delta")),
        field("transposed", builder.getBoolAttr(transposed))};
    appendStaging(func.getArgAttrDict(number), fields);
    entries.push_back(builder.getDictionaryAttr(fields));

    builder.setInsertionPointToStart(&func.getBody().front());
    auto type = RankedTensorType::get(shape, typeOf(argument).getElementType());
    known = mil::ConstOp::create(builder, argument.getLoc(), type,
                                 ElementsAttr(), builder.getStringAttr(file));
    return known;
  }

  NamedAttribute field(StringRef name, Attribute value) {
    return builder.getNamedAttr(name, value);
  }

  mil::FuncOp func;
  unsigned number;
  BlockArgument argument;
  const rt::target::Profile &profile;
  OpBuilder builder;
  SmallVectorImpl<Attribute> &entries;
  Value constants[2];
};

/// One file cannot hold two matrices: the same parameter twice, or two names
/// that differ only in what a file name leaves out.
LogicalResult checkFiles(mil::ProgramOp program, ArrayRef<Attribute> entries) {
  llvm::SmallDenseMap<Attribute, Attribute> parameters;
  for (Attribute entry : entries) {
    auto fields = cast<DictionaryAttr>(entry);
    auto [known, isNew] =
        parameters.try_emplace(fields.get("path"), fields.get("arg"));
    if (!isNew)
      return program.emitOpError("would bake arguments ")
             << known->second << " and " << fields.get("arg")
             << " into one file, " << fields.get("path");
  }
  return success();
}

struct MatmulToConvPass : anec::impl::MatmulToConvPassBase<MatmulToConvPass> {
  using MatmulToConvPassBase::MatmulToConvPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }

  void runOnOperation() override {
    mil::FuncOp func = getOperation().getMain();
    SmallVector<Attribute> entries;
    for (unsigned i = 0, e = func.getNumArguments(); i < e; ++i)
      if (isBaked(func, i) &&
          failed(BakedArgument(func, i, *profile, entries).rewrite()))
        return signalPassFailure();
    if (failed(checkFiles(getOperation(), entries)))
      return signalPassFailure();
    if (!entries.empty())
      getOperation()->setAttr("baked", ArrayAttr::get(&getContext(), entries));
  }

  std::optional<rt::target::Profile> profile;
};

} // namespace
} // namespace anec
