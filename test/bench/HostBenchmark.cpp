//===- HostBenchmark.cpp - What the host does besides products ------------===//
//
// All of it is bound by memory: GB/s counts each byte that must be read or
// written once. `copy` is what a plain copy of the same threads reaches.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Loss.h"
#include "runtime/host/RmsNorm.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/train/AdamW.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

using namespace anec::rt;

namespace {

ThreadPool &threads() {
  static ThreadPool pool;
  return pool;
}

void report(benchmark::State &state, int64_t bytes) {
  state.counters["GB/s"] =
      benchmark::Counter(1e-9 * double(bytes) * double(state.iterations()),
                         benchmark::Counter::kIsRate);
}

/// The bound: reads and writes of arrays far larger than the caches.
void copy(benchmark::State &state) {
  const int64_t count = state.range(0);
  std::vector<float> from(static_cast<size_t>(count), 1), to(from);
  for (auto _ : state)
    threads().parallelTiles(count, 1 << 16, [&](int64_t begin, int64_t end) {
      std::memcpy(to.data() + begin, from.data() + begin,
                  static_cast<size_t>(end - begin) * sizeof(float));
    });
  report(state, count * 8);
}
BENCHMARK(copy)->Arg(1 << 25)->UseRealTime();

/// Reads gradient, parameter and moments, writes the last three.
void adamWUpdate(benchmark::State &state) {
  const int64_t count = state.range(0);
  std::vector<float> g(static_cast<size_t>(count), 0.001F), p(g), m(g), v(g);
  int64_t step = 0;
  for (auto _ : state)
    adamW(AdamWOptions(), 1e-3, ++step, true, 1, Span<const float>(g), p, m, v,
          threads());
  report(state, count * 28);
}
BENCHMARK(adamWUpdate)->Arg(1 << 24)->UseRealTime();

void gradientNorm(benchmark::State &state) {
  const int64_t count = state.range(0);
  std::vector<float> g(static_cast<size_t>(count), 0.001F);
  for (auto _ : state)
    benchmark::DoNotOptimize(sumOfSquares(Span<const float>(g), threads()));
  report(state, count * 4);
}
BENCHMARK(gradientNorm)->Arg(1 << 25)->UseRealTime();

/// Loss and gradient of [V, 256] logits: reads twice each, writes once.
void crossEntropyBoth(benchmark::State &state) {
  const int64_t V = state.range(0), T = 256;
  std::vector<float> logits(static_cast<size_t>(V * T)), gradient(logits);
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] = float(i % 17) / 10;
  std::vector<int32_t> targets(static_cast<size_t>(T), 3);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        crossEntropy(logits.data(), targets.data(), V, T, threads()));
    crossEntropyGrad(logits.data(), targets.data(), 1.0, gradient.data(), V, T,
                     threads());
  }
  report(state, V * T * 4 * 5);
}
BENCHMARK(crossEntropyBoth)->Arg(9200)->Arg(32000)->UseRealTime();

void rmsNormForward(benchmark::State &state) {
  const int64_t D = 768, T = 256;
  std::vector<float> x(static_cast<size_t>(D * T), 0.5F), y(x);
  std::vector<float> gain(static_cast<size_t>(D), 1);
  for (auto _ : state)
    rmsNorm(x.data(), gain.data(), y.data(), D, T, 1e-5, threads());
  report(state, D * T * 4 * 3);
}
BENCHMARK(rmsNormForward)->UseRealTime();

} // namespace

BENCHMARK_MAIN();
