//===- GemmBenchmark.cpp - Matrix products --------------------------------===//
//
// The shapes of a Stories110M training step. Where oneDNN is installed,
// OneDnnBenchmark.cpp times its products in the same run.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Bf16.h"
#include "runtime/gemm/MatrixUnit.h"
#include "runtime/gemm/PackedMatrix.h"
#include "test/bench/Products.h"

#include <benchmark/benchmark.h>

#include <vector>

using namespace anec::rt;

namespace {

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
    layers.back().pack(ConstMatrix(weight.data(), k), benchThreads());
  }
  size_t layer = 0;
  for (auto _ : state)
    gemm(n, 1, layers[layer++ % layers.size()], ConstMatrix(x.data(), n),
         GemmMode::Overwrite, Matrix(y.data(), n), benchThreads());
  reportProduct(state, m, n, k);
}
BENCHMARK(packedWeights)->Apply(weightShapes)->UseRealTime();

/// How a product on the host is computed: as it is, with what this process
/// would use, or from operands rounded to bf16, with one arithmetic or the
/// other.
enum class HostProduct { Full, Bf16MultiplyAdd, Bf16DotProduct, Bf16Amx };

/// False, and the benchmark is skipped, when the CPU cannot.
template <HostProduct how> bool prepareProduct(benchmark::State &state) {
  static const MatrixUnit defaultUnit = matrixUnit();
  const bool isDone =
      useMatrixUnit(how == HostProduct::Full      ? defaultUnit
                    : how == HostProduct::Bf16Amx ? MatrixUnit::Amx
                                                  : MatrixUnit::None) &&
      setBf16Arithmetic(how == HostProduct::Bf16DotProduct
                            ? Bf16Arithmetic::DotProduct
                            : Bf16Arithmetic::MultiplyAdd);
  if (!isDone)
    state.SkipWithError("this CPU has no such products of bf16");
  return isDone;
}

template <HostProduct how>
constexpr GemmPrecision precisionOf =
    how == HostProduct::Full ? GemmPrecision::Full : GemmPrecision::Bf16;

/// dW += dy x^T on the host, of fp16 activations in surfaces or of f32 ones.
template <typename T, HostProduct how = HostProduct::Full>
void weightGradient(benchmark::State &state) {
  if (!prepareProduct<how>(state))
    return;
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  std::vector<T> dy(static_cast<size_t>(m * k), T(0.5F));
  std::vector<T> x(static_cast<size_t>(n * k), T(0.25F));
  std::vector<float> dw(static_cast<size_t>(m * n));
  for (auto _ : state)
    gemm(m, n, k, 1, ConstMatrix(dy.data(), k),
         ConstMatrix(x.data(), k).transposed(), GemmMode::Accumulate,
         Matrix(dw.data(), n), benchThreads(), {precisionOf<how>});
  reportProduct(state, m, n, k);
}
BENCHMARK(weightGradient<half>)->Apply(gradientShapes)->UseRealTime();
BENCHMARK(weightGradient<half, HostProduct::Bf16MultiplyAdd>)
    ->Apply(gradientShapes)
    ->UseRealTime();
BENCHMARK(weightGradient<half, HostProduct::Bf16DotProduct>)
    ->Apply(gradientShapes)
    ->UseRealTime();
BENCHMARK(weightGradient<half, HostProduct::Bf16Amx>)
    ->Apply(gradientShapes)
    ->UseRealTime();
BENCHMARK(weightGradient<float>)->Apply(gradientShapes)->UseRealTime();

/// Classifier: logits = W x, and dx = W^T dlogits, of f32 on the host.
template <HostProduct how> void classifier(benchmark::State &state) {
  if (!prepareProduct<how>(state))
    return;
  ClassifierOperands of(state);
  const int64_t rows = of.rows, inner = of.inner, n = of.tokens;
  const ConstMatrix w(of.weight.data(), inner), x(of.x.data(), n);
  const Matrix y(of.y.data(), n);
  for (auto _ : state)
    if (of.backward)
      gemm(inner, n, rows, 1, w.transposed(), x, GemmMode::Overwrite, y,
           benchThreads(), {precisionOf<how>});
    else
      gemm(rows, n, inner, 1, w, x, GemmMode::Overwrite, y, benchThreads(),
           {precisionOf<how>});
  reportProduct(state, rows, n, inner);
}
BENCHMARK(classifier<HostProduct::Full>)
    ->Apply(classifierShapes)
    ->UseRealTime();
BENCHMARK(classifier<HostProduct::Bf16MultiplyAdd>)
    ->Apply(classifierShapes)
    ->UseRealTime();
BENCHMARK(classifier<HostProduct::Bf16DotProduct>)
    ->Apply(classifierShapes)
    ->UseRealTime();
BENCHMARK(classifier<HostProduct::Bf16Amx>)
    ->Apply(classifierShapes)
    ->UseRealTime();

} // namespace

BENCHMARK_MAIN();
