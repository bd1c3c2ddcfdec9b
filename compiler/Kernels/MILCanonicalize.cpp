//===- MILCanonicalize.cpp - Remove operators that compute nothing --------===//
//
// The device compiles what it is given, so copies and repeated work go here.
// Explicit patterns, not folders: the ops stay free of rewriting decisions.
//
//===----------------------------------------------------------------------===//

#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "dialect/TensorTypes.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace anec {
#define GEN_PASS_DEF_MILCANONICALIZEPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;

namespace anec {

namespace {

/// reshape(reshape(x)) -> reshape(x); reshape(x) of the same shape -> x
struct FoldReshape : OpRewritePattern<mil::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mil::ReshapeOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getX().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto inner = op.getX().getDefiningOp<mil::ReshapeOp>();
    if (!inner)
      return failure();
    rewriter.modifyOpInPlace(op,
                             [&] { op.getXMutable().assign(inner.getX()); });
    return success();
  }
};

/// slice(slice(x)) -> slice(x); a slice of everything -> x
struct FoldSlice : OpRewritePattern<mil::SliceBySizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mil::SliceBySizeOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getX().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto inner = op.getX().getDefiningOp<mil::SliceBySizeOp>();
    if (!inner)
      return failure();
    SmallVector<int32_t> begin;
    for (auto [outer, offset] :
         llvm::zip_equal(op.getBegin(), inner.getBegin()))
      begin.push_back(outer + offset);
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(inner.getX());
      op.setBegin(begin);
    });
    return success();
  }
};

/// slice(concat(.., x, ..)) inside x -> slice(x)
struct FoldSliceOfConcat : OpRewritePattern<mil::SliceBySizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mil::SliceBySizeOp op,
                                PatternRewriter &rewriter) const override {
    auto concat = op.getX().getDefiningOp<mil::ConcatOp>();
    if (!concat)
      return failure();
    int64_t axis = static_cast<int32_t>(concat.getAxis());
    axis = axis < 0 ? axis + typeOf(concat).getRank() : axis;
    int64_t begin = op.getBegin()[axis], size = op.getSize()[axis], start = 0;
    for (Value value : concat.getValues()) {
      int64_t length = typeOf(value).getDimSize(axis);
      if (begin >= start && begin + size <= start + length) {
        SmallVector<int32_t> begins(op.getBegin());
        begins[axis] = static_cast<int32_t>(begin - start);
        rewriter.modifyOpInPlace(op, [&] {
          op.getXMutable().assign(value);
          op.setBegin(begins);
        });
        return success();
      }
      start += length;
    }
    return failure();
  }
};

/// concat(x) -> x
struct FoldConcat : OpRewritePattern<mil::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mil::ConcatOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getValues().size() != 1)
      return failure();
    rewriter.replaceOp(op, op.getValues().front());
    return success();
  }
};

/// transpose(transpose(x)) -> transpose(x); the identity -> x
struct FoldTranspose : OpRewritePattern<mil::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mil::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<int64_t> perm(op.getPerm().begin(), op.getPerm().end());
    if (isIdentityPermutation(perm)) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto inner = op.getX().getDefiningOp<mil::TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int32_t> composed;
    for (int64_t dim : perm)
      composed.push_back(inner.getPerm()[dim]);
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(inner.getX());
      op.setPerm(composed);
    });
    return success();
  }
};

/// cast(x) to its own type -> x; cast(cast(x: f16 -> f32) -> f16) -> x
///
/// Only the pair that loses nothing: f32 -> f16 -> f32 rounds.
struct FoldCast : OpRewritePattern<mil::CastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mil::CastOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getX().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto inner = op.getX().getDefiningOp<mil::CastOp>();
    if (!inner || inner.getX().getType() != op.getType() ||
        !typeOf(op).getElementType().isF16() ||
        !typeOf(inner).getElementType().isF32())
      return failure();
    rewriter.replaceOp(op, inner.getX());
    return success();
  }
};

/// mul(x, 1) -> x
struct FoldMulByOne : OpRewritePattern<mil::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mil::MulOp op,
                                PatternRewriter &rewriter) const override {
    auto constant = op.getY().getDefiningOp<mil::ConstOp>();
    auto value =
        constant ? dyn_cast_or_null<DenseElementsAttr>(constant.getValueAttr())
                 : DenseElementsAttr();
    // What fp16 rounds to 1 is not 1.
    if (!value || constant.getExactAttr() || !value.isSplat() ||
        op.getX().getType() != op.getType() ||
        !value.getSplatValue<APFloat>().isExactlyValue(1.0))
      return failure();
    rewriter.replaceOp(op, op.getX());
    return success();
  }
};

/// reshape(mul(reshape(x), number)) -> reshape(mul(x, number))
///
/// Only where every user reshapes again: one of the two is enough.
struct MoveReshapeBehindScale : OpRewritePattern<mil::MulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mil::MulOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getX().getDefiningOp<mil::ReshapeOp>();
    if (!reshape || typeOf(op.getY()).getRank() != 0 ||
        !llvm::all_of(op->getUsers(), [](Operation *user) {
          return isa<mil::ReshapeOp>(user);
        }))
      return failure();
    Value scaled =
        mil::MulOp::create(rewriter, op.getLoc(), reshape.getX(), op.getY());
    SmallVector<int32_t> shape(typeOf(op).getShape());
    rewriter.replaceOpWithNewOp<mil::ReshapeOp>(op, scaled, shape);
    return success();
  }
};

struct MILCanonicalizePass
    : anec::impl::MILCanonicalizePassBase<MILCanonicalizePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldReshape, FoldSlice, FoldSliceOfConcat, FoldConcat,
                 FoldTranspose, FoldCast, FoldMulByOne, MoveReshapeBehindScale>(
        &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace
} // namespace anec
