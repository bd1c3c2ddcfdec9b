//===- Products.h - The products that are timed -----------------*- C++ -*-===//
//
// Shapes of a Stories110M training step, and what is reported of each: GFLOP/s
// next to `peak`, the multiply-adds that all cores reached in the same run, and
// to `amx`, the products of bf16.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_BENCH_PRODUCTS_H
#define ANEC_TEST_BENCH_PRODUCTS_H

#include "runtime/gemm/Peak.h"
#include "runtime/support/ThreadPool.h"

#include <benchmark/benchmark.h>

#include <vector>

namespace anec::rt {

inline ThreadPool &benchThreads() {
  static ThreadPool pool;
  return pool;
}

/// Of a product [m, k] by [k, n].
inline void reportProduct(benchmark::State &state, int64_t m, int64_t n,
                          int64_t k) {
  const double flops = 2e-9 * double(m) * double(n) * double(k);
  state.counters["GFLOP/s"] = benchmark::Counter(
      flops * double(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["peak"] = measurePeakFlops(benchThreads()) / 1e9;
  state.counters["amx"] = measureAmxPeakFlops(benchThreads()) / 1e9;
}

/// m, k, n of weights times activations.
inline void weightShapes(benchmark::internal::Benchmark *benchmark) {
  benchmark->Args({768, 768, 256})
      ->Args({2048, 768, 256})
      ->Args({768, 2048, 256})
      ->Args({768, 768, 64})
      ->Args({768, 768, 1024});
}

/// m, n, k of a weight's gradient.
inline void gradientShapes(benchmark::internal::Benchmark *benchmark) {
  benchmark->Args({768, 768, 256})
      ->Args({2048, 768, 256})
      ->Args({32000, 768, 256});
}

/// Whether backward, and rows of the classifier.
inline void classifierShapes(benchmark::internal::Benchmark *benchmark) {
  benchmark->Args({0, 32000})
      ->Args({1, 32000})
      ->Args({0, 9200})
      ->Args({1, 9200});
}

/// Operands of logits = W x, or of dx = W^T dlogits, for classifierShapes.
struct ClassifierOperands {
  explicit ClassifierOperands(const benchmark::State &state)
      : backward(state.range(0) != 0), rows(state.range(1)),
        weight(static_cast<size_t>(rows * inner), 0.01F),
        x(static_cast<size_t>((backward ? rows : inner) * tokens), 0.5F),
        y(static_cast<size_t>((backward ? inner : rows) * tokens)) {}

  static constexpr int64_t inner = 768, tokens = 256;
  bool backward;
  int64_t rows;
  std::vector<float> weight, x, y;
};

} // namespace anec::rt

#endif // ANEC_TEST_BENCH_PRODUCTS_H
