//===- GemmBenchmark.cpp - Matrix products --------------------------------===//
//
// The shapes of a Stories110M training step. GFLOP/s stands next to `peak`, the
// multiply-adds that the same threads reached in the same run.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/gemm/Peak.h"
#include "runtime/support/ThreadPool.h"

#include <benchmark/benchmark.h>

#include <vector>

using namespace anec::rt;

namespace {

ThreadPool &threads() {
  static ThreadPool pool;
  return pool;
}

void report(benchmark::State &state, int64_t m, int64_t n, int64_t k) {
  state.counters["GFLOP/s"] = benchmark::Counter(
      2e-9 * double(m) * double(n) * double(k) * double(state.iterations()),
      benchmark::Counter::kIsRate);
  state.counters["peak"] = measurePeakFlops(threads()) / 1e9;
}

/// A product with packed fp16 weights, as kernels of a packed bundle run it:
/// 12 weights in turn, so that they come from memory.
void packedWeights(benchmark::State &state) {
  const int64_t m = state.range(0), k = state.range(1), n = state.range(2);
  std::vector<half> weight(static_cast<size_t>(m * k), half(0.01F));
  std::vector<half> x(static_cast<size_t>(k * n), half(0.5F));
  std::vector<half> y(static_cast<size_t>(m * n));
  std::vector<PackedMatrix> layers;
  for (int i = 0; i < 12; ++i) {
    layers.emplace_back(m, k, MatrixType::F16);
    layers.back().pack(ConstMatrix(weight.data(), k), threads());
  }
  size_t layer = 0;
  for (auto _ : state)
    gemm(n, 1, layers[layer++ % layers.size()], ConstMatrix(x.data(), n),
         GemmMode::Overwrite, Matrix(y.data(), n), threads());
  report(state, m, n, k);
}
BENCHMARK(packedWeights)
    ->Args({768, 768, 256})
    ->Args({2048, 768, 256})
    ->Args({768, 2048, 256})
    ->Args({768, 768, 64})
    ->Args({768, 768, 1024})
    ->UseRealTime();

/// dW = dy x^T in f32 on the host, added to what is there or not.
void weightGradient(benchmark::State &state) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  std::vector<float> dy(static_cast<size_t>(m * k), 0.5F);
  std::vector<float> x(static_cast<size_t>(n * k), 0.25F);
  std::vector<float> dw(static_cast<size_t>(m * n));
  for (auto _ : state)
    gemm(m, n, k, 1, ConstMatrix(dy.data(), k),
         ConstMatrix(x.data(), k).transposed(), GemmMode::Accumulate,
         Matrix(dw.data(), n), threads());
  report(state, m, n, k);
}
BENCHMARK(weightGradient)
    ->Args({768, 768, 256})
    ->Args({2048, 768, 256})
    ->Args({32000, 768, 256})
    ->UseRealTime();

/// Classifier: logits = W x, and dx = W^T dlogits, in f32 on the host.
void classifier(benchmark::State &state) {
  const bool backward = state.range(0) != 0;
  const int64_t rows = state.range(1), inner = 768, n = 256;
  std::vector<float> weight(static_cast<size_t>(rows * inner), 0.01F);
  std::vector<float> x(static_cast<size_t>((backward ? rows : inner) * n),
                       0.5F);
  std::vector<float> y(static_cast<size_t>((backward ? inner : rows) * n));
  const ConstMatrix w(weight.data(), inner);
  for (auto _ : state)
    if (backward)
      gemm(inner, n, rows, 1, w.transposed(), ConstMatrix(x.data(), n),
           GemmMode::Overwrite, Matrix(y.data(), n), threads());
    else
      gemm(rows, n, inner, 1, w, ConstMatrix(x.data(), n), GemmMode::Overwrite,
           Matrix(y.data(), n), threads());
  report(state, rows, n, inner);
}
BENCHMARK(classifier)
    ->Args({0, 32000})
    ->Args({1, 32000})
    ->Args({0, 9200})
    ->Args({1, 9200})
    ->UseRealTime();

} // namespace

BENCHMARK_MAIN();
