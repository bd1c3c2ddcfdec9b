//===- HostOps.cpp - The table of host ops --------------------------------===//
//
// Adapters from the operands of a plan step to the kernels of this folder.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/HostOps.h"

#include "runtime/gemm/Gemm.h"
#include "runtime/host/Elementwise.h"
#include "runtime/host/Embedding.h"
#include "runtime/host/LayerNorm.h"
#include "runtime/host/Loss.h"
#include "runtime/host/RmsNorm.h"
#include "runtime/host/Rope.h"
#include "runtime/host/ShapeOps.h"
#include "runtime/host/Softmax.h"

#include <algorithm>
#include <limits>
#include <map>

namespace anec::rt {
namespace {

/// Calls compute(out) with the memory of the first result, or, when that is a
/// gradient of an op that cannot add by itself, with scratch that is added.
template <typename Real, typename Compute>
void intoResult(const HostCall<Real> &call, const Compute &compute) {
  const HostTensor<Real> &result = call.results[0];
  if (!result.accumulate)
    return compute(result.data);
  std::vector<Real> scratch(size_t(result.elements()));
  compute(scratch.data());
  binary(BinaryOp::Add, result.data, scratch.data(), result.data,
         result.elements(), call.pool);
}

template <typename Real> void callEmbedding(const HostCall<Real> &call) {
  const HostTensor<Real> &table = call.operands[1], &x = call.results[0];
  embedding(call.operands[0].integers, table.data, x.data, x.features(),
            x.tokens(), call.pool);
}

template <typename Real> void callEmbeddingGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &dy = call.operands[1], &dtable = call.results[0];
  if (!dtable.accumulate)
    std::fill(dtable.data, dtable.data + dtable.elements(), Real(0));
  if (!dtable.accumulate && dtable.squares)
    *dtable.squares = 0;
  const double growth =
      embeddingGrad(call.operands[0].integers, dy.data, dtable.data,
                    dy.features(), dy.tokens(), call.pool);
  if (dtable.squares)
    *dtable.squares += growth;
}

/// y[O,T] = w[O,I] x[I,T]
template <typename Real> void callLinear(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0], &w = call.operands[1];
  int64_t T = x.tokens(), I = x.features(), O = w.shape[0];
  gemm(O, T, I, 1.0, ConstMatrix(w.data, I), ConstMatrix(x.data, T),
       GemmMode::Overwrite, Matrix(call.results[0].data, T), call.pool,
       {call.precision});
}

/// Features `first` to before `first + count` of a rank 3 value, [count, T].
struct RowBlock {
  int64_t first, count;
  ConstMatrix matrix;
};

template <typename Real>
std::vector<RowBlock> blocksOf(const HostTensor<Real> &x) {
  if (x.blocks.empty())
    return {{0, x.features(), ConstMatrix(x.data, x.tokens())}};
  std::vector<RowBlock> blocks;
  // All have the same number of rows but the last.
  const int64_t rows = x.blockRows;
  for (const ConstMatrix &matrix : x.blocks) {
    const int64_t first = rows * int64_t(blocks.size());
    blocks.push_back({first, std::min(rows, x.features() - first), matrix});
  }
  return blocks;
}

/// y[K,N] = a[K,T] b[N,T]^T, with its dots where they are wanted.
template <typename Real> void multiplyTokens(const HostCall<Real> &call) {
  const HostTensor<Real> &a = call.operands[0], &b = call.operands[1];
  const HostTensor<Real> &y = call.results[0];
  const int64_t T = a.tokens(), N = b.features();
  const GemmMode mode =
      y.accumulate ? GemmMode::Accumulate : GemmMode::Overwrite;
  if (y.dots && !y.accumulate)
    std::fill_n(y.dots, N, 0.0);
  if (y.squares)
    *y.squares = 0;
  for (const RowBlock &rows : blocksOf(a))
    for (const RowBlock &columns : blocksOf(b)) {
      const int64_t place = rows.first * N + columns.first;
      ColumnDots dots{};
      if (y.dots)
        dots = {y.dotsWith + place, N, y.dots + columns.first};
      double squares = 0;
      gemm(rows.count, columns.count, T, 1.0, rows.matrix,
           columns.matrix.transposed(), mode, Matrix(y.data + place, N),
           call.pool,
           {call.precision, GemmPart::Whole, y.dots ? &dots : nullptr,
            call.right, y.squares ? &squares : nullptr});
      if (y.squares)
        *y.squares += squares;
    }
}

/// y[N,T] = b[K,N]^T a[K,T], or y[K,N] = a[K,T] b[N,T]^T when transpose_a.
template <typename Real> void callMatmul(const HostCall<Real> &call) {
  if (call.attributes["transpose_a"].template get<bool>())
    return multiplyTokens(call);
  const HostTensor<Real> &a = call.operands[0], &b = call.operands[1];
  const HostTensor<Real> &y = call.results[0];
  int64_t T = a.tokens(), K = a.features(), N = b.shape[1];
  GemmMode mode = y.accumulate ? GemmMode::Accumulate : GemmMode::Overwrite;
  gemm(N, T, K, 1.0, ConstMatrix(b.data, N).transposed(),
       ConstMatrix(a.data, T), mode, Matrix(y.data, T), call.pool,
       {call.precision});
}

template <typename Real, BinaryOp op>
void callBinary(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0], &y = call.operands[1];
  intoResult(call, [&](Real *z) {
    if (x.shape.size() == 3 && y.shape.size() == 1)
      binaryBroadcast(op, x.data, y.data, z, x.features(), x.tokens(),
                      call.pool);
    else
      binary(op, x.data, y.data, z, x.elements(), call.pool);
  });
}

template <typename Real, UnaryOp op>
void callUnary(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  double factor = op == UnaryOp::Scale
                      ? call.attributes["factor"].template get<double>()
                      : 1.0;
  intoResult(call, [&](Real *y) {
    unary(op, x.data, factor, y, x.elements(), call.pool);
  });
}

template <typename Real> void callMaxMagnitude(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  const Real largest = maxMagnitude(x.data, x.elements());
  intoResult(call, [&](Real *y) { *y = largest; });
}

template <typename Real> void callSumTokens(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0], &y = call.results[0];
  sumTokens(x.data, y.data, x.features(), x.tokens(), y.accumulate, call.pool);
}

template <typename Real> double epsilonOf(const HostCall<Real> &call) {
  return call.attributes["eps"].template get<double>();
}

template <typename Real> void callRmsNorm(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  rmsNorm(x.data, call.operands[1].data, call.results[0].data, x.features(),
          x.tokens(), epsilonOf(call), call.pool);
}

template <typename Real> void callRmsNormNonzero(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0], &gain = call.operands[1];
  std::vector<Real> factor(gain.data, gain.data + gain.elements());
  std::replace(factor.begin(), factor.end(), Real(0), Real(1));
  rmsNorm(x.data, factor.data(), call.results[0].data, x.features(), x.tokens(),
          epsilonOf(call), call.pool);
}

template <typename Real> void callDeriveGainGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &weight = call.operands[0];
  const HostTensor<Real> &dweight = call.results[0], &dgain = call.results[1];
  if (!dweight.accumulate)
    std::fill(dweight.data, dweight.data + dweight.elements(), Real(0));
  const HostTensor<Real> &gain = call.operands[1];
  deriveGainGrad(weight.data, gain.data, dweight.data, dgain.data,
                 weight.shape[0], weight.shape[1], dgain.accumulate, call.pool,
                 dweight.dots);
  // Columns became 0.
  if (dweight.squares &&
      std::count(gain.data, gain.data + gain.elements(), Real(0)) > 0)
    *dweight.squares = std::numeric_limits<double>::quiet_NaN();
}

template <typename Real> void callRmsNormGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  rmsNormGrad(x.data, call.operands[1].data, call.operands[2].data,
              call.results[0].data, x.features(), x.tokens(), epsilonOf(call),
              call.pool);
}

template <typename Real> void callRmsNormGainGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  rmsNormGainGrad(x.data, call.operands[1].data, call.results[0].data,
                  x.features(), x.tokens(), epsilonOf(call),
                  call.results[0].accumulate, call.pool);
}

template <typename Real> void callLayerNorm(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  layerNorm(x.data, call.operands[1].data, call.results[0].data, x.features(),
            x.tokens(), epsilonOf(call), call.pool);
}

template <typename Real> void callCenter(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  center(x.data, call.results[0].data, x.features(), x.tokens(), call.pool);
}

template <typename Real> void callRope(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  const nlohmann::json &attributes = call.attributes;
  rope(x.data, call.results[0].data, x.features(), x.tokens(), x.shape[1],
       attributes["head_dim"].template get<int64_t>(),
       attributes["theta"].template get<double>(),
       attributes["style"] == "halves" ? RopeStyle::Halves
                                       : RopeStyle::Interleaved,
       attributes["inverse"].template get<bool>(), call.pool);
}

template <typename Real> void callSoftmax(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  softmax(x.data, call.results[0].data, x.features(), x.tokens(), call.pool);
}

template <typename Real> void callSoftmaxGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &y = call.operands[0];
  softmaxGrad(y.data, call.operands[1].data, call.results[0].data, y.features(),
              y.tokens(), call.pool);
}

template <typename Real> void callCrossEntropy(const HostCall<Real> &call) {
  const HostTensor<Real> &logits = call.operands[0];
  *call.results[0].data =
      Real(crossEntropy(logits.data, call.operands[1].integers,
                        logits.features(), logits.tokens(), call.pool));
}

template <typename Real> void callCrossEntropyGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &logits = call.operands[0];
  crossEntropyGrad(logits.data, call.operands[1].integers,
                   double(*call.operands[2].data), call.results[0].data,
                   logits.features(), logits.tokens(), call.pool);
}

template <typename Real> void callLogLoss(const HostCall<Real> &call) {
  const HostTensor<Real> &p = call.operands[0];
  *call.results[0].data =
      Real(logLoss(p.data, call.operands[1].integers, p.tokens()));
}

template <typename Real> void callLogProbability(const HostCall<Real> &call) {
  const HostTensor<Real> &p = call.operands[0];
  logProbability(p.data, call.results[0].data, p.features() * p.tokens(),
                 call.pool);
}

template <typename Real>
void callLogLossLogitsGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &p = call.operands[0];
  logLossLogitsGrad(p.data, call.operands[1].integers,
                    double(*call.operands[2].data), call.results[0].data,
                    p.features(), p.tokens(), call.pool);
}

template <typename Real> void callTargetWeights(const HostCall<Real> &call) {
  const HostTensor<Real> &y = call.results[0];
  targetWeights(call.operands[0].integers, double(*call.operands[1].data),
                y.data, y.features(), y.tokens(), call.pool);
}

template <typename Real> void callPeakLogLoss(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  *call.results[0].data = Real(peakLogLoss(
      x.data, call.operands[1].data, call.operands[2].integers,
      call.operands[3].data, call.operands[4].data, x.features(), x.tokens()));
}

template <typename Real> void callTokenWeights(const HostCall<Real> &call) {
  const HostTensor<Real> &y = call.results[0];
  std::fill(y.data, y.data + y.tokens(),
            Real(double(*call.operands[0].data) / double(y.tokens())));
}

/// y[d,t] = x[d,t] * weights[t]
template <typename Real> void callScaleTokens(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  const Real *weights = call.operands[1].data;
  const int64_t T = x.tokens();
  intoResult(call, [&](Real *y) {
    for (int64_t i = 0, e = x.elements(); i < e; ++i)
      y[i] = x.data[i] * weights[i % T];
  });
}

template <typename Real> void callMse(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  *call.results[0].data = Real(
      meanSquaredError(x.data, call.operands[1].data, x.elements(), call.pool));
}

template <typename Real> void callMseGrad(const HostCall<Real> &call) {
  const HostTensor<Real> &x = call.operands[0];
  intoResult(call, [&](Real *dx) {
    meanSquaredErrorGrad(x.data, call.operands[1].data,
                         double(*call.operands[2].data), dx, x.elements(),
                         call.pool);
  });
}

template <typename Real> void callLossScale(const HostCall<Real> &call) {
  *call.results[0].data = Real(call.lossScale);
}

} // namespace

template <typename Real>
HostOp<Real> findHostFunction(const std::string &name) {
  static const std::map<std::string, HostOp<Real>> table = {
      {"add", callBinary<Real, BinaryOp::Add>},
      {"center", callCenter<Real>},
      {"cross_entropy", callCrossEntropy<Real>},
      {"cross_entropy_grad", callCrossEntropyGrad<Real>},
      {"derive_gain_grad", callDeriveGainGrad<Real>},
      {"embedding", callEmbedding<Real>},
      {"embedding_grad", callEmbeddingGrad<Real>},
      {"exp", callUnary<Real, UnaryOp::Exp>},
      {"gelu", callUnary<Real, UnaryOp::Gelu>},
      {"layer_norm", callLayerNorm<Real>},
      {"linear", callLinear<Real>},
      {"log_loss", callLogLoss<Real>},
      {"log_loss_logits_grad", callLogLossLogitsGrad<Real>},
      {"log_probability", callLogProbability<Real>},
      {"loss_scale", callLossScale<Real>},
      {"matmul", callMatmul<Real>},
      {"max_magnitude", callMaxMagnitude<Real>},
      {"mse", callMse<Real>},
      {"mse_grad", callMseGrad<Real>},
      {"mul", callBinary<Real, BinaryOp::Mul>},
      {"peak_log_loss", callPeakLogLoss<Real>},
      {"relu", callUnary<Real, UnaryOp::Relu>},
      {"relu_grad", callBinary<Real, BinaryOp::ReluGrad>},
      {"rms_norm", callRmsNorm<Real>},
      {"rms_norm_gain_grad", callRmsNormGainGrad<Real>},
      {"rms_norm_grad", callRmsNormGrad<Real>},
      {"rms_norm_nonzero", callRmsNormNonzero<Real>},
      {"rope", callRope<Real>},
      {"scale", callUnary<Real, UnaryOp::Scale>},
      {"scale_tokens", callScaleTokens<Real>},
      {"sigmoid", callUnary<Real, UnaryOp::Sigmoid>},
      {"silu", callUnary<Real, UnaryOp::Silu>},
      {"softmax", callSoftmax<Real>},
      {"softmax_grad", callSoftmaxGrad<Real>},
      {"sub", callBinary<Real, BinaryOp::Sub>},
      {"sum_tokens", callSumTokens<Real>},
      {"tanh", callUnary<Real, UnaryOp::Tanh>},
      {"target_weights", callTargetWeights<Real>},
      {"token_weights", callTokenWeights<Real>},
  };
  auto found = table.find(name);
  return found == table.end() ? findShapeFunction<Real>(name) : found->second;
}

template HostOp<float> findHostFunction(const std::string &);
template HostOp<double> findHostFunction(const std::string &);

} // namespace anec::rt
