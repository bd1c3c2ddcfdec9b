//===- NNOps.cpp - Inference and verifiers of the compute ops -------------===//

#include "dialect/NN/NN.h"
#include "dialect/NN/NNOperands.h"

#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace anec::nn;
using anec::typeOf;

using Inferred = SmallVectorImpl<Type>;

static RankedTensorType f32(MLIRContext *context, ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, Float32Type::get(context));
}

//===----------------------------------------------------------------------===//
// Element-wise
//===----------------------------------------------------------------------===//

/// The last dimensions of x are those of y.
static LogicalResult verifySuffix(Operation *op, RankedTensorType x,
                                  RankedTensorType y) {
  ArrayRef<int64_t> suffix = y.getShape();
  if (y.getRank() == 0 || y.getRank() > x.getRank() ||
      x.getShape().take_back(suffix.size()) != suffix) // add_c1
    return op->emitOpError("expects y to have the shape of x or its last "
                           "dimensions, but got ")
           << x << " and " << y;
  return success();
}
LogicalResult AddOp::verify() {
  return verifySuffix(*this, typeOf(getX()), typeOf(getY()));
}
LogicalResult SubOp::verify() {
  return verifySuffix(*this, typeOf(getX()), typeOf(getY()));
}
LogicalResult MulOp::verify() {
  return verifySuffix(*this, typeOf(getX()), typeOf(getY()));
}

LogicalResult SumTokensOp::inferReturnTypes(MLIRContext *context,
                                            std::optional<Location> loc,
                                            Adaptor adaptor,
                                            Inferred &inferred) {
  if (failed(expectRank(loc, "x", adaptor.getX(), 3)))
    return failure();
  inferred.push_back(f32(context, {typeOf(adaptor.getX()).getDimSize(2)}));
  return success();
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

LogicalResult LinearOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor, Inferred &inferred) {
  if (failed(expectRank(loc, "x", adaptor.getX(), 3)) ||
      failed(expectRank(loc, "weight", adaptor.getWeight(), 2)))
    return failure();
  RankedTensorType x = typeOf(adaptor.getX());
  RankedTensorType weight = typeOf(adaptor.getWeight());
  if (x.getDimSize(2) != weight.getDimSize(1)) // linear_c1
    return emitOptionalError(loc, "expects weight to have ", x.getDimSize(2),
                             " input features to match x, but got ",
                             weight.getDimSize(1));
  inferred.push_back(x.clone(
      {x.getDimSize(0), x.getDimSize(1), weight.getDimSize(0)})); // linear_c2
  return success();
}

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *,
                                         std::optional<Location> loc,
                                         Adaptor adaptor, Inferred &inferred) {
  if (failed(expectRank(loc, "a", adaptor.getA(), 3)) ||
      failed(expectRank(loc, "b", adaptor.getB(),
                        adaptor.getTransposeA() ? 3 : 2)))
    return failure();
  RankedTensorType a = typeOf(adaptor.getA()), b = typeOf(adaptor.getB());
  if (!adaptor.getTransposeA()) { // matmul_c1
    if (a.getDimSize(2) != b.getDimSize(0))
      return emitOptionalError(loc, "expects b to have ", a.getDimSize(2),
                               " rows to match a, but got ", b.getDimSize(0));
    inferred.push_back(
        a.clone({a.getDimSize(0), a.getDimSize(1), b.getDimSize(1)}));
    return success();
  }
  if (a.getShape().take_front(2) != b.getShape().take_front(2)) // matmul_c2
    return emitOptionalError(
        loc, "expects b to have the batch and sequence of a, but got ", a,
        " and ", b);
  inferred.push_back(a.clone({a.getDimSize(2), b.getDimSize(2)}));
  return success();
}

template <typename NormOp> static LogicalResult verifyNorm(NormOp op) {
  int64_t features = typeOf(op.getX()).getDimSize(2);
  Value gain = op.getGain();
  if (gain &&
      typeOf(gain).getDimSize(0) != features) // rms_norm_c1, layer_norm_c1
    return op.emitOpError("expects gain to have ")
           << features << " features to match x, but got "
           << typeOf(gain).getDimSize(0);
  if (!(op.getEps().convertToDouble() > 0)) // rms_norm_c2, layer_norm_c2
    return op.emitOpError("expects eps > 0, but got ")
           << op.getEps().convertToDouble();
  return success();
}
/// Only the weights of a kernel can hold a gain.
template <typename NormOp> static LogicalResult verifyHasGain(NormOp op) {
  auto func = op->template getParentOfType<FuncOp>();
  if (!op.getGain() && func && !func.isKernel())
    return op.emitOpError("expects a gain outside a kernel");
  return success();
}
LogicalResult RmsNormOp::verify() {
  if (failed(verifyHasGain(*this))) // rms_norm_c3
    return failure();
  return verifyNorm(*this);
}
LogicalResult RmsNormGradOp::verify() {
  return verifyHasGain(*this); // rms_norm_grad_c1
}
LogicalResult LayerNormOp::verify() { return verifyNorm(*this); }

LogicalResult RmsNormGainGradOp::inferReturnTypes(MLIRContext *context,
                                                  std::optional<Location> loc,
                                                  Adaptor adaptor,
                                                  Inferred &inferred) {
  if (failed(expectRank(loc, "x", adaptor.getX(), 3)))
    return failure();
  inferred.push_back(f32(context, {typeOf(adaptor.getX()).getDimSize(2)}));
  return success();
}

LogicalResult RopeOp::verify() {
  int64_t features = typeOf(getX()).getDimSize(2), headDim = getHeadDim();
  if (headDim <= 0 || headDim % 2 || features % headDim) // rope_c1
    return emitOpError("expects head_dim to be even and to divide ")
           << features << " features, but got " << headDim;
  if (!(getTheta().convertToDouble() > 0)) // rope_c2
    return emitOpError("expects theta > 0, but got ")
           << getTheta().convertToDouble();
  return success();
}

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *,
                                            std::optional<Location> loc,
                                            Adaptor adaptor,
                                            Inferred &inferred) {
  if (failed(expectRank(loc, "tokens", adaptor.getTokens(), 2)) ||
      failed(expectRank(loc, "table", adaptor.getTable(), 2)))
    return failure();
  RankedTensorType tokens = typeOf(adaptor.getTokens());
  RankedTensorType table = typeOf(adaptor.getTable());
  inferred.push_back(table.clone({tokens.getDimSize(0), tokens.getDimSize(1),
                                  table.getDimSize(1)})); // embedding_c1
  return success();
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

/// Features of a key for queries with `features` and these heads, or an error.
static FailureOr<int64_t> keyFeatures(std::optional<Location> loc,
                                      int64_t features, int64_t heads,
                                      int64_t kvHeads) {
  if (heads <= 0 || kvHeads <= 0 || heads % kvHeads || features % heads)
    return emitOptionalError(
        loc, "expects kv_heads to divide heads and heads to divide ", features,
        " features, but got ", heads, " heads and ", kvHeads, " kv_heads");
  return features / heads * kvHeads;
}

static LogicalResult verifyHeads(std::optional<Location> loc,
                                 RankedTensorType q, RankedTensorType k,
                                 int64_t heads, int64_t kvHeads) {
  FailureOr<int64_t> features =
      keyFeatures(loc, q.getDimSize(2), heads, kvHeads); // attention_c1
  if (failed(features))
    return failure();
  if (k.getShape().take_front(2) != q.getShape().take_front(2) ||
      k.getDimSize(2) != *features) // attention_c2
    return emitOptionalError(loc, "expects keys and values of shape ",
                             q.getDimSize(0), "x", q.getDimSize(1), "x",
                             *features, ", but got ", k);
  return success();
}

LogicalResult AttentionOp::verify() {
  return verifyHeads(getLoc(), typeOf(getQ()), typeOf(getK()), getHeads(),
                     getKvHeads());
}

LogicalResult HeadScoresOp::inferReturnTypes(MLIRContext *,
                                             std::optional<Location> loc,
                                             Adaptor adaptor,
                                             Inferred &inferred) {
  if (failed(expectRank(loc, "q", adaptor.getQ(), 3)) ||
      failed(expectRank(loc, "k", adaptor.getK(), 3)))
    return failure();
  RankedTensorType q = typeOf(adaptor.getQ());
  if (failed(verifyHeads(loc, q, typeOf(adaptor.getK()), adaptor.getHeads(),
                         adaptor.getKvHeads())))
    return failure();
  inferred.push_back(q.clone({q.getDimSize(0), (int64_t)adaptor.getHeads(),
                              q.getDimSize(1), q.getDimSize(1)}));
  return success();
}

/// Checks p against an activation with `heads` times the head dimension.
static LogicalResult verifyProbabilities(std::optional<Location> loc,
                                         RankedTensorType p, RankedTensorType x,
                                         int64_t heads, int64_t kvHeads,
                                         int64_t xHeads) {
  if (kvHeads <= 0 || heads <= 0 || heads % kvHeads || x.getDimSize(2) % xHeads)
    return emitOptionalError(loc, "expects kv_heads to divide heads, and ",
                             xHeads, " heads to divide ", x.getDimSize(2),
                             " features, but got ", heads, " heads and ",
                             kvHeads, " kv_heads");
  SmallVector<int64_t> expected = {x.getDimSize(0), heads, x.getDimSize(1),
                                   x.getDimSize(1)};
  if (p.getShape() != ArrayRef(expected)) // head_mix_c1
    return emitOptionalError(loc, "expects probabilities of shape ",
                             expected[0], "x", expected[1], "x", expected[2],
                             "x", expected[3], ", but got ", p);
  return success();
}

LogicalResult HeadMixOp::inferReturnTypes(MLIRContext *,
                                          std::optional<Location> loc,
                                          Adaptor adaptor, Inferred &inferred) {
  if (failed(expectRank(loc, "p", adaptor.getP(), 4)) ||
      failed(expectRank(loc, "v", adaptor.getV(), 3)))
    return failure();
  RankedTensorType v = typeOf(adaptor.getV());
  int64_t heads = adaptor.getHeads(), kvHeads = adaptor.getKvHeads();
  if (failed(verifyProbabilities(loc, typeOf(adaptor.getP()), v, heads, kvHeads,
                                 kvHeads)))
    return failure();
  inferred.push_back(v.clone(
      {v.getDimSize(0), v.getDimSize(1), v.getDimSize(2) / kvHeads * heads}));
  return success();
}
LogicalResult HeadMixTransposedOp::inferReturnTypes(MLIRContext *,
                                                    std::optional<Location> loc,
                                                    Adaptor adaptor,
                                                    Inferred &inferred) {
  if (failed(expectRank(loc, "p", adaptor.getP(), 4)) ||
      failed(expectRank(loc, "q", adaptor.getQ(), 3)))
    return failure();
  RankedTensorType q = typeOf(adaptor.getQ());
  int64_t heads = adaptor.getHeads(), kvHeads = adaptor.getKvHeads();
  if (failed(verifyProbabilities(loc, typeOf(adaptor.getP()), q, heads, kvHeads,
                                 heads)))
    return failure();
  inferred.push_back(q.clone(
      {q.getDimSize(0), q.getDimSize(1), q.getDimSize(2) / heads * kvHeads}));
  return success();
}

LogicalResult PermuteFeaturesOp::verify() {
  int64_t features = typeOf(getX()).getDimSize(2);
  llvm::SmallBitVector seen(features);
  for (int64_t index : getOrder())
    if (index >= 0 && index < features)
      seen.set(index);
  if ((int64_t)getOrder().size() != features || !seen.all()) // permute_c1
    return emitOpError("expects order to be a permutation of ")
           << features << " features";
  return success();
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

LogicalResult CrossEntropyOp::inferReturnTypes(MLIRContext *context,
                                               std::optional<Location> loc,
                                               Adaptor adaptor,
                                               Inferred &inferred) {
  if (failed(expectRank(loc, "logits", adaptor.getLogits(), 3)) ||
      failed(expectRank(loc, "targets", adaptor.getTargets(), 2)))
    return failure();
  RankedTensorType logits = typeOf(adaptor.getLogits());
  RankedTensorType targets = typeOf(adaptor.getTargets());
  if (logits.getShape().take_front(2) != targets.getShape()) // cross_entropy_c1
    return emitOptionalError(loc, "expects targets of shape ",
                             logits.getDimSize(0), "x", logits.getDimSize(1),
                             " to match logits, but got ", targets);
  inferred.push_back(f32(context, {}));
  return success();
}
LogicalResult MseOp::inferReturnTypes(MLIRContext *context,
                                      std::optional<Location>, Adaptor,
                                      Inferred &inferred) {
  inferred.push_back(f32(context, {}));
  return success();
}

/// Whether `each` holds one number for each token of `x`, or an error at `op`.
static LogicalResult verifyPerToken(Operation *op, StringRef what, Value x,
                                    Value each) {
  auto type = typeOf(x);
  auto expected = type.clone({type.getDimSize(0), type.getDimSize(1), 1});
  if (each.getType() == expected)
    return success();
  return op->emitOpError("expects ")
         << what << " of type " << expected << ", but got " << each.getType();
}

LogicalResult ScaleTokensOp::verify() { // scale_tokens_c1
  return verifyPerToken(*this, "weights", getX(), getWeights());
}

LogicalResult PeakOp::verify() { // peak_c1
  return verifyPerToken(*this, "a result", getX(), getY());
}

LogicalResult PeakLogLossOp::verify() { // peak_log_loss_c1
  return verifyPerToken(*this, "top and peak", getX(), getTop());
}

LogicalResult TokenWeightsOp::verify() { // token_weights_c1
  return verifyPerToken(*this, "a result", getY(), getY());
}

LogicalResult OverflowWitnessOp::verify() {
  auto y = typeOf(getY());
  for (Value value : getValues()) {
    auto type = typeOf(value);
    if (type.getRank() == 2)
      continue;
    int64_t sequence = type.getDimSize(type.getRank() - 2);
    if (type.getDimSize(0) != y.getDimSize(0) || sequence != y.getDimSize(1) ||
        y.getDimSize(2) != 1) // overflow_witness_c1
      return emitOpError("expects a result of shape ")
             << type.getDimSize(0) << "x" << sequence << "x1 for " << type
             << ", but got " << y;
  }
  return success();
}

/// `%gain, %dy`, or `%dy` alone.
static ParseResult
parseGainAndGradient(OpAsmParser &parser,
                     std::optional<OpAsmParser::UnresolvedOperand> &gain,
                     OpAsmParser::UnresolvedOperand &dy) {
  if (parser.parseOperand(dy))
    return failure();
  if (failed(parser.parseOptionalComma()))
    return success();
  gain = dy;
  return parser.parseOperand(dy);
}
static void printGainAndGradient(OpAsmPrinter &printer, Operation *, Value gain,
                                 Value dy) {
  if (gain)
    printer << gain << ", ";
  printer << dy;
}

LogicalResult AdamwOp::verify() { // adamw_c2
  auto expected = RankedTensorType::get(
      {1, typeOf(getWeight()).getDimSize(1), adamwFactors},
      typeOf(getWeight()).getElementType());
  if (getFactors().getType() == expected)
    return success();
  return emitOpError("expects factors of type ")
         << expected << ", but got " << getFactors().getType();
}

LogicalResult RowSquaresOp::verify() { // row_squares_c1
  auto type = typeOf(getX());
  auto expected = type.clone({1, 1, type.getDimSize(2)});
  if (type.getDimSize(0) == 1 && getPeak().getType() == expected)
    return success();
  return emitOpError("expects a matrix [1, columns, rows] and results of type ")
         << expected << ", but got " << type << " and " << getPeak().getType();
}

#define GET_OP_CLASSES
#include "dialect/NN/NNOps.cpp.inc"
