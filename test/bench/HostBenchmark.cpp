//===- HostBenchmark.cpp - What the host does besides products ------------===//
//
// All of it is bound by memory: GB/s counts each byte that must be read or
// written once; `bound` is what adding one large array to another reaches on
// the same threads in the same run. Arrays are larger than the last cache, as
// they are in training.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/host/Loss.h"
#include "runtime/host/RmsNorm.h"
#include "runtime/support/LargeArray.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/train/AdamW.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

using namespace anec::rt;

namespace {

ThreadPool &threads() {
  static ThreadPool pool;
  return pool;
}

/// An array of one value, written by all threads.
LargeArray<float> filled(int64_t count, float value) {
  LargeArray<float> array(static_cast<size_t>(count));
  threads().parallelTiles(count, 1 << 16, [&](int64_t begin, int64_t end) {
    std::fill(array.data() + begin, array.data() + end, value);
  });
  return array;
}

/// Bytes per second: two arrays read, one written, the best of five.
double measureBandwidth() {
  const int64_t count = 1 << 26;
  const LargeArray<float> x = filled(count, 1), y = filled(count, 2);
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    threads().parallelTiles(count, 1 << 16, [&](int64_t begin, int64_t end) {
      const float *from = x.data();
      float *to = y.data();
      for (int64_t k = begin; k < end; ++k)
        to[k] += from[k];
    });
    const std::chrono::duration<double> seconds =
        std::chrono::steady_clock::now() - start;
    best = std::max(best, double(count) * 12 / seconds.count());
  }
  return best;
}

void report(benchmark::State &state, int64_t bytes) {
  static const double bound = measureBandwidth() * 1e-9;
  state.counters["GB/s"] =
      benchmark::Counter(1e-9 * double(bytes) * double(state.iterations()),
                         benchmark::Counter::kIsRate);
  state.counters["bound"] = bound;
}

/// Reads gradient, parameter and moments, writes the last three.
void adamWUpdate(benchmark::State &state) {
  const int64_t count = state.range(0);
  const LargeArray<float> g = filled(count, 0.001F), p = filled(count, 1);
  const LargeArray<float> m = filled(count, 0), v = filled(count, 0);
  int64_t step = 0;
  for (auto _ : state)
    adamW(AdamWOptions(), 1e-3, ++step, true, 1, Span<const float>(g.span()),
          p.span(), m.span(), v.span(), threads());
  report(state, count * 28);
}
BENCHMARK(adamWUpdate)->Arg(1 << 26)->UseRealTime();

/// The same for matrices [rows, 768] whose values go on to packed halves in
/// both orientations, 2 bytes each.
void adamWAndStaging(benchmark::State &state) {
  const int64_t rows = state.range(0), columns = 768, layers = state.range(1);
  const int64_t count = rows * columns * layers;
  const LargeArray<float> g = filled(count, 0.001F), p = filled(count, 1);
  const LargeArray<float> m = filled(count, 0), v = filled(count, 0);
  std::vector<PackedMatrix> asRows, asTerms;
  for (int64_t i = 0; i < layers; ++i) {
    asRows.emplace_back(rows, columns, MatrixType::F16);
    asTerms.emplace_back(columns, rows, MatrixType::F16);
  }
  const int64_t part = asRows[0].panelRows(), piece = 4 * part;
  const int64_t pieces = (rows + piece - 1) / piece;
  int64_t step = 0;
  for (auto _ : state) {
    const AdamWFactors factors(AdamWOptions(), 1e-3, ++step, true, 1);
    threads().parallelFor(layers * pieces, [&](int64_t i) {
      const int64_t layer = i / pieces, end = i % pieces * piece + piece;
      for (int64_t row = end - piece; row < std::min(rows, end); row += part) {
        const int64_t height = std::min(part, rows - row);
        const int64_t place = (layer * rows + row) * columns;
        const float *values = p.data() + place;
        adamWPart(factors, g.data() + place, p.data() + place, m.data() + place,
                  v.data() + place, height * columns);
        asRows[size_t(layer)].packRows(row, height,
                                       ConstMatrix(values, columns, 1));
        asTerms[size_t(layer)].packTerms(row, height,
                                         ConstMatrix(values, 1, columns));
      }
    });
  }
  report(state, count * 32);
}
BENCHMARK(adamWAndStaging)->Args({2048, 36})->UseRealTime();

void gradientNorm(benchmark::State &state) {
  const int64_t count = state.range(0);
  const LargeArray<float> g = filled(count, 0.001F);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        sumOfSquares(Span<const float>(g.span()), threads()));
  report(state, count * 4);
}
BENCHMARK(gradientNorm)->Arg(1 << 27)->UseRealTime();

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
