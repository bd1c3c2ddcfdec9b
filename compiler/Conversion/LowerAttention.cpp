//===- LowerAttention.cpp - The parts of attention ------------------------===//
//
// Unrolled over the batch by width slices, heads on the channel axis:
// [1, H*d, 1, S] -> [1, H, d, S]. Features stay the rows of every operand, so
// no product needs a transposed copy. With grouped heads the queries of one
// round share the key/value heads in order: one matmul per round, no tile.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/KernelBuilder.h"
#include "compiler/Conversion/Lowering.h"
#include "dialect/NN/NN.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace anec {

namespace {

/// The sizes of one attention.
struct Heads {
  int64_t kvHeads, rounds, headDim, sequence, batch;

  /// Failure, with a diagnostic, unless the heads of a round are contiguous.
  template <typename OpTy>
  static FailureOr<Heads> of(OpTy op, Value features, int64_t headCount) {
    int64_t kvHeads = op.getKvHeads(), heads = op.getHeads();
    if (heads != kvHeads && !op.getGrouped())
      return op.emitOpError("expects grouped head order for ")
             << heads << " heads over " << kvHeads << " key/value heads";
    ArrayRef<int64_t> shape = shapeOf(features);
    return Heads{kvHeads, heads / kvHeads, shape[2] / headCount, shape[1],
                 shape[0]};
  }

  /// Element `b` of the batch: [1, F, 1, B*S] -> [1, F, 1, S].
  Value ofBatch(KernelBuilder &kernel, Value x, int64_t b) const {
    return kernel.slice(x, 3, b * sequence, sequence);
  }
  /// Round `r` of [1, F, 1, S] -> [1, kvHeads, d, S].
  Value ofRound(KernelBuilder &kernel, Value x, int64_t r) const {
    int64_t features = kvHeads * headDim;
    return kernel.reshape(kernel.slice(x, 1, r * features, features),
                          {1, kvHeads, headDim, sequence});
  }
  /// Round `r` of scores: [1, H, S, S] -> [1, kvHeads, S, S].
  Value scoresOfRound(KernelBuilder &kernel, Value scores, int64_t r) const {
    return kernel.slice(scores, 1, r * kvHeads, kvHeads);
  }
  /// [1, kvHeads, d, S] -> [1, kvHeads*d, 1, S].
  Value flat(KernelBuilder &kernel, Value x) const {
    return kernel.reshape(x, {1, kvHeads * headDim, 1, sequence});
  }
};

/// nn.head_scores(q, k) -> for each element of the batch and each round,
/// mil.matmul(q, k), q transposed
struct LowerHeadScores : LoweringPattern<nn::HeadScoresOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::HeadScoresOp op, Operands operands,
                     OpBuilder &builder) const override {
    auto heads = Heads::of(op, op.getQ(), op.getHeads());
    if (failed(heads))
      return failure();
    KernelBuilder kernel(builder, op.getLoc());
    SmallVector<Value> scores;
    for (int64_t b = 0; b < heads->batch; ++b) {
      Value q = heads->ofBatch(kernel, operands.getQ().front(), b);
      Value k = heads->ofRound(
          kernel, heads->ofBatch(kernel, operands.getK().front(), b), 0);
      SmallVector<Value> rounds;
      for (int64_t r = 0; r < heads->rounds; ++r)
        rounds.push_back(
            kernel.matmul(heads->ofRound(kernel, q, r), k, true, false));
      scores.push_back(kernel.concat(rounds, 1));
    }
    return scores;
  }
};

/// nn.head_mix(p, v) -> for each round, mil.matmul(v, p), p transposed
struct LowerHeadMix : LoweringPattern<nn::HeadMixOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::HeadMixOp op, Operands operands,
                     OpBuilder &builder) const override {
    auto heads = Heads::of(op, op.getV(), op.getKvHeads());
    if (failed(heads))
      return failure();
    KernelBuilder kernel(builder, op.getLoc());
    SmallVector<Value> batch;
    for (auto [b, p] : llvm::enumerate(operands.getP())) {
      Value v = heads->ofRound(
          kernel, heads->ofBatch(kernel, operands.getV().front(), b), 0);
      SmallVector<Value> rounds;
      for (int64_t r = 0; r < heads->rounds; ++r) {
        Value round = heads->scoresOfRound(kernel, p, r);
        rounds.push_back(
            heads->flat(kernel, kernel.matmul(v, round, false, true)));
      }
      batch.push_back(kernel.concat(rounds, 1));
    }
    return SmallVector<Value>{kernel.concat(batch, 3)};
  }
};

/// nn.head_mix_transposed(p, q) -> the sum over rounds of mil.matmul(q, p)
struct LowerHeadMixTransposed : LoweringPattern<nn::HeadMixTransposedOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::HeadMixTransposedOp op, Operands operands,
                     OpBuilder &builder) const override {
    auto heads = Heads::of(op, op.getQ(), op.getHeads());
    if (failed(heads))
      return failure();
    KernelBuilder kernel(builder, op.getLoc());
    SmallVector<Value> batch;
    for (auto [b, p] : llvm::enumerate(operands.getP())) {
      Value q = heads->ofBatch(kernel, operands.getQ().front(), b);
      Value sum;
      for (int64_t r = 0; r < heads->rounds; ++r) {
        Value round = heads->ofRound(kernel, q, r);
        Value scores = heads->scoresOfRound(kernel, p, r);
        Value product = kernel.matmul(round, scores, false, false);
        sum = sum ? kernel.add(sum, product) : product;
      }
      batch.push_back(heads->flat(kernel, sum));
    }
    return SmallVector<Value>{kernel.concat(batch, 3)};
  }
};

/// nn.causal_mask -> a constant: 0 where column <= row, -65504 elsewhere
struct LowerCausalMask : LoweringPattern<nn::CausalMaskOp> {
  using LoweringPattern::LoweringPattern;

  DeviceValues lower(nn::CausalMaskOp op, Operands,
                     OpBuilder &builder) const override {
    KernelBuilder kernel(builder, op.getLoc());
    int64_t sequence = shapeOf(op.getMask())[0];
    Value mask = kernel.table(
        {1, 1, sequence, sequence},
        llvm::formatv("weights/causal_mask_{0}.bin", sequence).str(),
        [&](int64_t i) { return i % sequence <= i / sequence ? 0 : -65504; });
    return SmallVector<Value>{mask};
  }
};

} // namespace

void populateAttentionPatterns(const LayoutConverter &layout,
                               RewritePatternSet &patterns) {
  patterns.add<LowerHeadScores, LowerHeadMix, LowerHeadMixTransposed,
               LowerCausalMask>(layout, patterns.getContext());
}

} // namespace anec
