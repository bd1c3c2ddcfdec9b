//===- HostBenchmark.cpp - What the host does besides products ------------===//
//
// All of it is bound by memory: GB/s counts each byte that must be read or
// written once; `bound` is what adding one large array to another reaches on
// the same threads in the same run. Arrays, or many small ones in turn, are
// larger than the last cache, as all of training is. Drawing random numbers is
// bound by arithmetic: its counter is numbers per second.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/host/Elementwise.h"
#include "runtime/host/Embedding.h"
#include "runtime/host/LayerNorm.h"
#include "runtime/host/Loss.h"
#include "runtime/host/RmsNorm.h"
#include "runtime/host/Rope.h"
#include "runtime/host/Softmax.h"
#include "runtime/support/LargeArray.h"
#include "runtime/support/Random.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/train/AdamW.h"
#include "runtime/train/RegionCopy.h"

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

/// Arrays of `count` elements in turn, so many that no cache holds them all.
class Turns {
public:
  Turns(int64_t count, float value)
      : count(count), number(std::max<int64_t>(1, (int64_t(1) << 27) / count)),
        memory(filled(number * count, value)) {}

  float *next() { return memory.data() + turn++ % number * count; }

private:
  int64_t count, number, turn = 0;
  LargeArray<float> memory;
};

/// Loss, then gradient in the place of [V, 256] logits: two reads, one write.
void crossEntropyBoth(benchmark::State &state) {
  const int64_t V = state.range(0), T = 256;
  std::vector<float> logits(static_cast<size_t>(V * T));
  for (size_t i = 0; i < logits.size(); ++i)
    logits[i] = float(i % 17) / 10;
  std::vector<int32_t> targets(static_cast<size_t>(T), 3);
  for (auto _ : state)
    benchmark::DoNotOptimize(crossEntropyWithGrad(
        logits.data(), targets.data(), 1.0, logits.data(), V, T, threads()));
  report(state, V * T * 4 * 3);
}
BENCHMARK(crossEntropyBoth)->Arg(9200)->Arg(32000)->UseRealTime();

/// The loss alone, as validation computes it.
void crossEntropyLoss(benchmark::State &state) {
  const int64_t V = state.range(0), T = 256;
  std::vector<float> logits(static_cast<size_t>(V * T), 0.5F);
  std::vector<int32_t> targets(static_cast<size_t>(T), 3);
  for (auto _ : state)
    benchmark::DoNotOptimize(
        crossEntropy(logits.data(), targets.data(), V, T, threads()));
  report(state, V * T * 4);
}
BENCHMARK(crossEntropyLoss)->Arg(32000)->UseRealTime();

/// The activations of a layer of Stories110M.
constexpr int64_t D = 768, T = 256, F = 2048;

void rmsNormForward(benchmark::State &state) {
  Turns x(D * T, 0.5F), y(D * T, 0);
  std::vector<float> gain(static_cast<size_t>(D), 1);
  for (auto _ : state)
    rmsNorm(x.next(), gain.data(), y.next(), D, T, 1e-5, threads());
  report(state, D * T * 4 * 2);
}
BENCHMARK(rmsNormForward)->UseRealTime();

void rmsNormBackward(benchmark::State &state) {
  Turns x(D * T, 0.5F), dy(D * T, 0.25F), dx(D * T, 0);
  std::vector<float> gain(static_cast<size_t>(D), 1);
  for (auto _ : state)
    rmsNormGrad(x.next(), gain.data(), dy.next(), dx.next(), D, T, 1e-5,
                threads());
  report(state, D * T * 4 * 3);
}
BENCHMARK(rmsNormBackward)->UseRealTime();

void rmsNormGain(benchmark::State &state) {
  Turns x(D * T, 0.5F), dy(D * T, 0.25F);
  std::vector<float> dgain(static_cast<size_t>(D));
  for (auto _ : state)
    rmsNormGainGrad(x.next(), dy.next(), dgain.data(), D, T, 1e-5, false,
                    threads());
  report(state, D * T * 4 * 2);
}
BENCHMARK(rmsNormGain)->UseRealTime();

void gainFromWeightGradient(benchmark::State &state) {
  Turns weight(F * D, 0.01F), dweight(F * D, 0.001F);
  std::vector<float> gain(static_cast<size_t>(D), 1), dgain(gain);
  for (auto _ : state)
    deriveGainGrad(weight.next(), gain.data(), dweight.next(), dgain.data(), F,
                   D, false, threads());
  report(state, F * D * 4 * 2);
}
BENCHMARK(gainFromWeightGradient)->UseRealTime();

void layerNormForward(benchmark::State &state) {
  Turns x(D * T, 0.5F), y(D * T, 0);
  std::vector<float> gain(static_cast<size_t>(D), 1);
  for (auto _ : state)
    layerNorm(x.next(), gain.data(), y.next(), D, T, 1e-5, threads());
  report(state, D * T * 4 * 2);
}
BENCHMARK(layerNormForward)->UseRealTime();

void elementwiseUnary(benchmark::State &state, UnaryOp op) {
  Turns x(F * T, 0.5F), y(F * T, 0);
  for (auto _ : state)
    unary(op, x.next(), 1.0, y.next(), F * T, threads());
  report(state, F * T * 4 * 2);
}
BENCHMARK_CAPTURE(elementwiseUnary, silu, UnaryOp::Silu)->UseRealTime();
BENCHMARK_CAPTURE(elementwiseUnary, gelu, UnaryOp::Gelu)->UseRealTime();
BENCHMARK_CAPTURE(elementwiseUnary, scale, UnaryOp::Scale)->UseRealTime();

void elementwiseMul(benchmark::State &state) {
  Turns x(F * T, 0.5F), y(F * T, 2), z(F * T, 0);
  for (auto _ : state)
    binary(BinaryOp::Mul, x.next(), y.next(), z.next(), F * T, threads());
  report(state, F * T * 4 * 3);
}
BENCHMARK(elementwiseMul)->UseRealTime();

void softmaxForward(benchmark::State &state) {
  Turns x(F * T, 0.5F), y(F * T, 0);
  for (auto _ : state)
    softmax(x.next(), y.next(), F, T, threads());
  report(state, F * T * 4 * 2);
}
BENCHMARK(softmaxForward)->UseRealTime();

void ropeForward(benchmark::State &state) {
  Turns x(D * T, 0.5F), y(D * T, 0);
  for (auto _ : state)
    rope(x.next(), y.next(), D, T, T, 64, 10000.0, RopeStyle::Interleaved,
         false, threads());
  report(state, D * T * 4 * 2);
}
BENCHMARK(ropeForward)->UseRealTime();

/// Tokens far apart in a vocabulary.
std::vector<int32_t> spreadTokens(int64_t vocabulary) {
  std::vector<int32_t> tokens(static_cast<size_t>(T));
  for (size_t t = 0; t < tokens.size(); ++t)
    tokens[t] = int32_t(t * 7919 % size_t(vocabulary));
  return tokens;
}

void embeddingLookup(benchmark::State &state) {
  const int64_t V = 32000;
  const LargeArray<float> table = filled(V * D, 0.5F);
  Turns x(D * T, 0);
  const std::vector<int32_t> tokens = spreadTokens(V);
  for (auto _ : state)
    embedding(tokens.data(), table.data(), x.next(), D, T, threads());
  report(state, D * T * 4 * 2);
}
BENCHMARK(embeddingLookup)->UseRealTime();

/// Adds rows: reads and writes them, reads what is added.
void embeddingBackward(benchmark::State &state) {
  const int64_t V = 32000;
  const LargeArray<float> table = filled(V * D, 0.5F);
  Turns dx(D * T, 0.01F);
  const std::vector<int32_t> tokens = spreadTokens(V);
  for (auto _ : state)
    embeddingGrad(tokens.data(), dx.next(), table.data(), D, T, threads());
  report(state, D * T * 4 * 3);
}
BENCHMARK(embeddingBackward)->UseRealTime();

/// An activation of a layer between surfaces and host memory.
enum class Way { In, Out, Across };
void surfaceCopy(benchmark::State &state, Way way) {
  const int64_t width = 12320;
  Region region;
  region.rows = F;
  region.columns = T;
  region.blockRows = D;
  std::vector<half> from(static_cast<size_t>(D * width)), to(from);
  SurfaceMap source(ElementType::F16, from.data(), width, region);
  SurfaceMap target(ElementType::F16, to.data(), width, region);
  Turns matrix(F * T, 0.5F);
  for (auto _ : state)
    if (way == Way::In)
      writeRegion(static_cast<const float *>(matrix.next()), target, threads());
    else if (way == Way::Out)
      readRegion(source, matrix.next(), threads());
    else
      copyRegion(source, target, threads());
  report(state, F * T * (way == Way::Across ? 2 + 2 : 4 + 2));
}
BENCHMARK_CAPTURE(surfaceCopy, write, Way::In)->UseRealTime();
BENCHMARK_CAPTURE(surfaceCopy, read, Way::Out)->UseRealTime();
BENCHMARK_CAPTURE(surfaceCopy, copy, Way::Across)->UseRealTime();

/// The initial values of a model.
void normalNumbers(benchmark::State &state) {
  const int64_t count = 1 << 22;
  std::vector<float> values(static_cast<size_t>(count));
  const RandomStream random(1);
  for (auto _ : state)
    threads().parallelTiles(count, 1 << 14, [&](int64_t begin, int64_t end) {
      random.normals(uint64_t(begin),
                     Span<float>(values.data() + begin, size_t(end - begin)));
    });
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(normalNumbers)->UseRealTime();

} // namespace

BENCHMARK_MAIN();
