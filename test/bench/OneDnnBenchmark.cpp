//===- OneDnnBenchmark.cpp - The same products with oneDNN ----------------===//
//
// What a well-known library reaches on the shapes of GemmBenchmark.cpp, f32
// throughout: it takes no fp16 operands. Two ways: weights packed once in the
// layout that it chooses for itself, activations in the one that suits it best
// (tokens first, which is not how they lie on the device), and plain sgemm on
// the layouts of ours. Its OpenMP threads spin: run with OMP_NUM_THREADS as
// many as cores, and compare rows of one run only.
//
//===----------------------------------------------------------------------===//
#include "test/bench/Products.h"

#include <benchmark/benchmark.h>
#include <dnnl.hpp>

#include <vector>

namespace {

using dnnl::memory;

const dnnl::engine &cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

memory::desc matrix(int64_t rows, int64_t columns, memory::format_tag tag) {
  return memory::desc({rows, columns}, memory::data_type::f32, tag);
}

/// y[n, m] = x[n, k] w[k, m]: 12 packed weights in turn.
void oneDnnPackedWeights(benchmark::State &state) {
  const int64_t m = state.range(0), k = state.range(1), n = state.range(2);
  const dnnl::matmul::desc wanted(matrix(n, k, memory::format_tag::ab),
                                  matrix(k, m, memory::format_tag::any),
                                  matrix(n, m, memory::format_tag::ab));
  const dnnl::matmul::primitive_desc chosen(wanted, cpu());
  const dnnl::matmul product(chosen);
  dnnl::stream stream(cpu());
  std::vector<float> weight(static_cast<size_t>(m * k), 0.01F);
  std::vector<float> x(static_cast<size_t>(k * n), 0.5F);
  std::vector<float> y(static_cast<size_t>(m * n));
  memory plain(matrix(k, m, memory::format_tag::ab), cpu(), weight.data());
  memory from(chosen.src_desc(), cpu(), x.data());
  memory to(chosen.dst_desc(), cpu(), y.data());
  std::vector<memory> layers;
  for (int i = 0; i < 12; ++i) {
    layers.emplace_back(chosen.weights_desc(), cpu());
    dnnl::reorder(plain, layers.back()).execute(stream, plain, layers.back());
  }
  stream.wait();
  size_t layer = 0;
  for (auto _ : state) {
    product.execute(stream, {{DNNL_ARG_SRC, from},
                             {DNNL_ARG_WEIGHTS, layers[layer++ % 12]},
                             {DNNL_ARG_DST, to}});
    stream.wait();
  }
  anec::rt::reportProduct(state, m, n, k);
}
BENCHMARK(oneDnnPackedWeights)->Apply(anec::rt::weightShapes)->UseRealTime();

/// y[m, n] = w[m, k] x[k, n], all row-major: 12 weights in turn.
void oneDnnPlainWeights(benchmark::State &state) {
  const int64_t m = state.range(0), k = state.range(1), n = state.range(2);
  const std::vector<std::vector<float>> layers(
      12, std::vector<float>(static_cast<size_t>(m * k), 0.01F));
  std::vector<float> x(static_cast<size_t>(k * n), 0.5F);
  std::vector<float> y(static_cast<size_t>(m * n));
  size_t layer = 0;
  for (auto _ : state)
    dnnl_sgemm('N', 'N', m, n, k, 1, layers[layer++ % 12].data(), k, x.data(),
               n, 0, y.data(), n);
  anec::rt::reportProduct(state, m, n, k);
}
BENCHMARK(oneDnnPlainWeights)->Apply(anec::rt::weightShapes)->UseRealTime();

/// dW[m, n] += dy[m, k] x[n, k]^T
void oneDnnWeightGradient(benchmark::State &state) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  std::vector<float> dy(static_cast<size_t>(m * k), 0.5F);
  std::vector<float> x(static_cast<size_t>(n * k), 0.25F);
  std::vector<float> dw(static_cast<size_t>(m * n));
  for (auto _ : state)
    dnnl_sgemm('N', 'T', m, n, k, 1, dy.data(), k, x.data(), k, 1, dw.data(),
               n);
  anec::rt::reportProduct(state, m, n, k);
}
BENCHMARK(oneDnnWeightGradient)->Apply(anec::rt::gradientShapes)->UseRealTime();

/// logits = W x, and dx = W^T dlogits.
void oneDnnClassifier(benchmark::State &state) {
  anec::rt::ClassifierOperands of(state);
  const int64_t rows = of.rows, inner = of.inner, n = of.tokens;
  for (auto _ : state)
    if (of.backward)
      dnnl_sgemm('T', 'N', inner, n, rows, 1, of.weight.data(), inner,
                 of.x.data(), n, 0, of.y.data(), n);
    else
      dnnl_sgemm('N', 'N', rows, n, inner, 1, of.weight.data(), inner,
                 of.x.data(), n, 0, of.y.data(), n);
  anec::rt::reportProduct(state, rows, n, inner);
}
BENCHMARK(oneDnnClassifier)->Apply(anec::rt::classifierShapes)->UseRealTime();

} // namespace
