//===- NNSplitCausalMask.cpp - nn-split-causal-mask -----------------------===//
//
// The device ignores the mask of its own attention op, so attention is spelled
// out: scores, an additive mask, softmax, values. The backward computes the
// probabilities again.
//
//===----------------------------------------------------------------------===//

#include "compiler/Kernels/WorkMarks.h"
#include "compiler/Passes.h"

#include "mlir/IR/Builders.h"

#include <cmath>

namespace anec {
#define GEN_PASS_DEF_NNSPLITCAUSALMASKPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;
using namespace anec;
using namespace anec::nn;

namespace {

/// The parts of one attention, built at the op that they replace. Heads that
/// share a key are brought kv_heads apart ("grouped"), so that one matmul takes
/// a contiguous slice of queries for every key head.
class AttentionParts {
public:
  template <typename Op>
  AttentionParts(OpBuilder &builder, Op op)
      : builder(builder), loc(op.getLoc()), heads(op.getHeadsAttr()),
        kvHeads(op.getKvHeadsAttr()), causal(op.getCausal()) {
    auto type = cast<RankedTensorType>(op.getQ().getType());
    sequence = type.getDimSize(1);
    headDim = type.getDimSize(2) / heads.getInt();
  }

  /// Queries, or gradients of their shape, in grouped order.
  Value group(Value x) { return permute(x, false); }
  Value ungroup(Value x) { return permute(x, true); }

  Value scores(Value q, Value k, Location loc) {
    return HeadScoresOp::create(builder, loc, q, k, heads, kvHeads, grouped());
  }
  /// softmax(scores + mask) for queries that are already scaled
  Value probabilities(Value q, Value k, Location loc) {
    Value s = scores(q, k, loc);
    if (causal) {
      auto type =
          RankedTensorType::get({sequence, sequence}, builder.getF32Type());
      Value mask = CausalMaskOp::create(builder, loc, type);
      s = AddOp::create(builder, loc, s, mask);
    }
    return SoftmaxOp::create(builder, loc, s);
  }
  /// x / sqrt(head dim). Queries are scaled, not scores: there are fewer of
  /// them, and products stay further from the end of fp16.
  Value scale(Value x) {
    return ScaleOp::create(builder, loc, x.getType(), x,
                           builder.getF64FloatAttr(1.0 / std::sqrt(headDim)));
  }
  Value mix(Value p, Value v) {
    return HeadMixOp::create(builder, loc, p, v, heads, kvHeads, grouped());
  }
  Value mixTransposed(Value p, Value q) {
    return HeadMixTransposedOp::create(builder, loc, p, q, heads, kvHeads,
                                       grouped());
  }

private:
  bool isGrouped() const { return heads != kvHeads; }
  UnitAttr grouped() {
    return isGrouped() ? builder.getUnitAttr() : UnitAttr();
  }

  /// Head h = g * rep + r stands at r * kv_heads + g in grouped order.
  Value permute(Value x, bool inverse) {
    if (!isGrouped())
      return x;
    int64_t groups = kvHeads.getInt(), repeats = heads.getInt() / groups;
    SmallVector<int64_t> order(heads.getInt() * headDim);
    for (int64_t r = 0; r < repeats; ++r)
      for (int64_t g = 0; g < groups; ++g)
        for (int64_t d = 0; d < headDim; ++d) {
          int64_t to = (r * groups + g) * headDim + d;
          int64_t from = (g * repeats + r) * headDim + d;
          order[inverse ? from : to] = inverse ? to : from;
        }
    return PermuteFeaturesOp::create(builder, loc, x.getType(), x,
                                     builder.getDenseI64ArrayAttr(order));
  }

  OpBuilder &builder;
  Location loc;
  IntegerAttr heads, kvHeads;
  bool causal;
  int64_t sequence, headDim;
};

/// Gives what was built in place of `op` the side of `op`.
template <typename Build> void replaceKeepingPlace(Operation *op, Build build) {
  struct Listener : OpBuilder::Listener {
    void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) final {
      if (place)
        op->setAttr("nn.place", place);
    }
    Attribute place;
  } listener;
  listener.place = op->getAttr("nn.place");
  OpBuilder builder(op, &listener);
  op->replaceAllUsesWith(build(builder));
  op->erase();
}

void splitForward(AttentionOp op) {
  replaceKeepingPlace(op, [&](OpBuilder &builder) {
    AttentionParts parts(builder, op);
    Value q = parts.scale(parts.group(op.getQ()));
    Value p = parts.probabilities(q, op.getK(), op.getLoc());
    return SmallVector<Value>{parts.ungroup(parts.mix(p, op.getV()))};
  });
}

// With p the probabilities and q scaled: dv = p^T * do,  dp = do * v^T,
// ds = p * (dp - sum(p * dp)),  dq = ds * k * scale,  dk = ds^T * q.
void splitBackward(AttentionGradOp op) {
  replaceKeepingPlace(op, [&](OpBuilder &builder) {
    AttentionParts parts(builder, op);
    Value q = parts.scale(parts.group(op.getQ()));
    Value dout = parts.group(op.getDout());
    Value p = parts.probabilities(q, op.getK(), recomputed(op.getLoc()));
    Value dv = parts.mixTransposed(p, dout);
    Value dp = parts.scores(dout, op.getV(), op.getLoc());
    Value ds = SoftmaxGradOp::create(builder, op.getLoc(), p, dp);
    Value dq = parts.ungroup(parts.scale(parts.mix(ds, op.getK())));
    Value dk = parts.mixTransposed(ds, q);
    return SmallVector<Value>{dq, dk, dv};
  });
}

struct NNSplitCausalMask
    : anec::impl::NNSplitCausalMaskPassBase<NNSplitCausalMask> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (auto attention = dyn_cast<AttentionOp>(op))
        splitForward(attention);
      else if (auto gradient = dyn_cast<AttentionGradOp>(op))
        splitBackward(gradient);
    });
  }
};

} // namespace
