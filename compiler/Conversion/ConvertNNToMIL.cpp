//===- ConvertNNToMIL.cpp - Kernels from nn to mil ------------------------===//
//
// The pass, the layout and the lowering of the function itself; the ops are
// lowered in Lower*.cpp, grouped as the nn dialect groups them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/NN/NN.h"

namespace anec {
#define GEN_PASS_DEF_CONVERTNNTOMILPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;

namespace anec {

LayoutConverter::LayoutConverter() {
  addConversion(
      [](RankedTensorType type,
         SmallVectorImpl<Type> &results) -> std::optional<LogicalResult> {
        Type half = Float16Type::get(type.getContext());
        ArrayRef<int64_t> dims = type.getShape();
        auto add = [&](ArrayRef<int64_t> shape, int64_t count = 1) {
          results.append(count, RankedTensorType::get(shape, half));
        };
        switch (type.getRank()) {
        case 1:
          add({1, dims[0], 1, 1});
          return success();
        case 2:
          add({1, 1, dims[0], dims[1]});
          return success();
        case 3:
          add({1, dims[2], 1, dims[0] * dims[1]});
          return success();
        case 4:
          add({1, dims[1], dims[2], dims[3]}, dims[0]);
          return success();
        default:
          return failure();
        }
      });
}

namespace {

/// Values that cross the boundary of a kernel are activations, parameters or
/// gradients of parameters.
LogicalResult checkSignature(nn::FuncOp func) {
  FunctionType type = func.getFunctionType();
  for (auto [i, input] : llvm::enumerate(type.getInputs()))
    if (cast<RankedTensorType>(input).getRank() == 0 ||
        cast<RankedTensorType>(input).getRank() > 3)
      return func.emitOpError("expects input ")
             << i << " of a kernel to be an activation, a matrix or a vector, "
             << "but got " << input;
  for (auto [i, result] : llvm::enumerate(type.getResults()))
    if (cast<RankedTensorType>(result).getRank() == 0 ||
        cast<RankedTensorType>(result).getRank() > 3)
      return func.emitOpError("expects result ")
             << i << " of a kernel to be an activation, a matrix or a vector, "
             << "but got " << result;
  return success();
}

/// How a matrix [1,1,O,I] leaves a kernel: [1,O,1,I].
RankedTensorType asRows(RankedTensorType matrix) {
  return matrix.clone({1, matrix.getDimSize(2), 1, matrix.getDimSize(3)});
}

/// nn.func @k {kernel} -> mil.program @k { mil.func @main }
struct LowerKernel : OpConversionPattern<nn::FuncOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(nn::FuncOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    const TypeConverter &layout = *getTypeConverter();
    TypeConverter::SignatureConversion inputs(op.getNumArguments());
    SmallVector<Type> results;
    if (failed(layout.convertSignatureArgs(op.getArgumentTypes(), inputs)) ||
        failed(layout.convertTypes(op.getResultTypes(), results)))
      return op.emitOpError("has a type without a device layout");
    for (auto [type, converted] : llvm::zip_equal(op.getResultTypes(), results))
      if (cast<RankedTensorType>(type).getRank() == 2)
        converted = asRows(cast<RankedTensorType>(converted));

    auto program =
        mil::ProgramOp::create(rewriter, op.getLoc(), op.getSymName());
    rewriter.setInsertionPointToStart(&program.getBody().front());
    auto main = mil::FuncOp::create(
        rewriter, op.getLoc(), "main",
        rewriter.getFunctionType(inputs.getConvertedTypes(), results));
    rewriter.eraseBlock(&main.getBody().front());
    rewriter.inlineRegionBefore(op.getBody(), main.getBody(),
                                main.getBody().end());
    if (failed(rewriter.convertRegionTypes(&main.getBody(), layout, &inputs)))
      return failure();
    // Parameters, strategies and orders stay with their arguments.
    if (op.getArgAttrsAttr())
      main.setArgAttrsAttr(op.getArgAttrsAttr());
    if (op.getResAttrsAttr())
      main.setResAttrsAttr(op.getResAttrsAttr());
    rewriter.eraseOp(op);
    return success();
  }
};

/// nn.return -> mil.return
struct LowerReturn : OpConversionPattern<nn::ReturnOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(nn::ReturnOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    KernelBuilder kernel(rewriter, op.getLoc());
    SmallVector<Value> values;
    for (auto [range, value] :
         llvm::zip_equal(adaptor.getValues(), op.getValues())) {
      bool isMatrix = cast<RankedTensorType>(value.getType()).getRank() == 2;
      for (Value each : range)
        values.push_back(
            isMatrix
                ? kernel.reshape(
                      each,
                      asRows(cast<RankedTensorType>(each.getType())).getShape())
                : each);
    }
    rewriter.replaceOpWithNewOp<mil::ReturnOp>(op, values);
    return success();
  }
};

struct ConvertNNToMILPass
    : anec::impl::ConvertNNToMILPassBase<ConvertNNToMILPass> {
  using ConvertNNToMILPassBase::ConvertNNToMILPassBase;

  LogicalResult initialize(MLIRContext *context) override {
    return loadTarget(target.getValue(), context, profile);
  }

  void runOnOperation() override {
    SmallVector<nn::FuncOp> kernels;
    for (auto func : getOperation().getOps<nn::FuncOp>())
      if (func.isKernel())
        kernels.push_back(func);
    for (nn::FuncOp kernel : kernels)
      if (failed(convert(kernel)))
        return signalPassFailure();
  }

  LogicalResult convert(nn::FuncOp kernel) {
    if (failed(checkSignature(kernel)))
      return failure();
    WalkResult supported = kernel.walk([](Operation *op) {
      if (isa<nn::FuncOp, nn::ReturnOp>(op) ||
          op->hasTrait<nn::DeviceCapable>())
        return WalkResult::advance();
      op->emitOpError("has no device form; it cannot stand in a kernel");
      return WalkResult::interrupt();
    });
    if (supported.wasInterrupted())
      return failure();

    LayoutConverter layout;
    RewritePatternSet patterns(&getContext());
    populateElementwisePatterns(layout, patterns);
    populateLinearPatterns(layout, patterns);
    populateNormPatterns(layout, patterns);
    populateRopePatterns(layout, *profile, patterns);
    populateImagePatterns(layout, patterns);
    populateShapePatterns(layout, patterns);
    populateAttentionPatterns(layout, patterns);
    populateWitnessPatterns(layout, *profile, patterns);
    populateOptimizerPatterns(layout, patterns);
    patterns.add<LowerKernel, LowerReturn>(layout, &getContext());
    ConversionTarget legal(getContext());
    legal.addLegalDialect<mil::MILDialect>();
    legal.addIllegalDialect<nn::NNDialect>();
    return applyFullConversion(kernel, legal, std::move(patterns));
  }

  std::optional<rt::target::Profile> profile;
};

} // namespace
} // namespace anec
