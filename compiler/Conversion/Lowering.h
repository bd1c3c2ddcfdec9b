//===- Lowering.h - From nn values to device values -------------*- C++ -*-===//
//
// The layout as a type converter, and the pattern sets, one for each group of
// nn ops:
//
//   activation [B,S,D] f32  ->  [1,D,1,B*S] f16
//   scores [B,H,S,S] f32    ->  B values [1,H,S,S] f16
//   matrix [O,I] f32        ->  [1,1,O,I] f16
//   vector [D] f32          ->  [1,D,1,1] f16
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_CONVERSION_LOWERING_H
#define ANEC_COMPILER_CONVERSION_LOWERING_H

#include "runtime/target/Profile.h"

#include "mlir/Transforms/DialectConversion.h"

namespace anec {

class LayoutConverter : public mlir::TypeConverter {
public:
  LayoutConverter();
};

/// A lowering of one op whose operands may each be several values.
template <typename OpTy>
struct LoweringPattern : mlir::OpConversionPattern<OpTy> {
  using mlir::OpConversionPattern<OpTy>::OpConversionPattern;
  using Operands = typename mlir::OpConversionPattern<OpTy>::OneToNOpAdaptor;

  /// The device values of the op's result, or failure after a diagnostic.
  virtual mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  lower(OpTy op, Operands operands, mlir::OpBuilder &builder) const = 0;

  mlir::LogicalResult
  matchAndRewrite(OpTy op, Operands operands,
                  mlir::ConversionPatternRewriter &rewriter) const override {
    auto values = lower(op, operands, rewriter);
    if (mlir::failed(values))
      return mlir::failure();
    rewriter.replaceOpWithMultiple(op, {*values});
    return mlir::success();
  }
};

using DeviceValues = mlir::FailureOr<llvm::SmallVector<mlir::Value>>;

void populateElementwisePatterns(const LayoutConverter &layout,
                                 mlir::RewritePatternSet &patterns);
void populateLinearPatterns(const LayoutConverter &layout,
                            mlir::RewritePatternSet &patterns);
void populateNormPatterns(const LayoutConverter &layout,
                          mlir::RewritePatternSet &patterns);
void populateRopePatterns(const LayoutConverter &layout,
                          const rt::target::Profile &profile,
                          mlir::RewritePatternSet &patterns);
void populateImagePatterns(const LayoutConverter &layout,
                           mlir::RewritePatternSet &patterns);
void populateShapePatterns(const LayoutConverter &layout,
                           mlir::RewritePatternSet &patterns);
void populateAttentionPatterns(const LayoutConverter &layout,
                               mlir::RewritePatternSet &patterns);
void populateWitnessPatterns(const LayoutConverter &layout,
                             const rt::target::Profile &profile,
                             mlir::RewritePatternSet &patterns);
void populateOptimizerPatterns(const LayoutConverter &layout,
                               mlir::RewritePatternSet &patterns);

} // namespace anec

#endif // ANEC_COMPILER_CONVERSION_LOWERING_H
