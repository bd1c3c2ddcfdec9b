//===- Bf16Benchmark.cpp - Whether bf16 products could be faster ----------===//
//
// Dot products of bf16 pairs (AVX512-BF16) from registers, on one core, next to
// `f32`, the multiply-adds of the same registers: what weight gradients and the
// classifier could gain at most if their operands were bf16. A CPU that starts
// one of these instructions a cycle gains nothing over two f32 ones.
//
//===----------------------------------------------------------------------===//
#include <benchmark/benchmark.h>

#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 10)
#include <immintrin.h>

#include <chrono>

namespace {

constexpr int accumulators = 24, rounds = 100000;

/// Needs all accumulators.
__attribute__((target("avx512f"))) float
total(const __m512 (&sums)[accumulators]) {
  __m512 all = sums[0];
  for (int k = 1; k < accumulators; ++k)
    all = _mm512_add_ps(all, sums[k]);
  float lanes[16];
  _mm512_storeu_ps(lanes, all);
  return lanes[0];
}

/// GFLOP/s of multiply-adds of 16 floats.
__attribute__((target("avx512f"))) double floatRate() {
  __m512 sums[accumulators];
  for (__m512 &sum : sums)
    sum = _mm512_setzero_ps();
  __m512 x = _mm512_set1_ps(1e-9F), y = _mm512_set1_ps(0.5F);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 24 // all in registers
    for (int k = 0; k < accumulators; ++k)
      sums[k] = _mm512_fmadd_ps(x, y, sums[k]);
    asm volatile("" : "+v"(x), "+v"(y));
  }
  const std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  benchmark::DoNotOptimize(total(sums));
  return 1e-9 * rounds * accumulators * 32 / seconds.count();
}

__attribute__((target("avx512f,avx512bf16"))) void
bf16DotProducts(benchmark::State &state) {
  if (!__builtin_cpu_supports("avx512bf16")) {
    state.SkipWithError("this CPU has no AVX512-BF16");
    return;
  }
  __m512 sums[accumulators];
  for (__m512 &sum : sums)
    sum = _mm512_setzero_ps();
  __m512bh x = (__m512bh)_mm512_set1_epi16(0x3080);
  __m512bh y = (__m512bh)_mm512_set1_epi16(0x3F00);
  for (auto _ : state)
    for (int i = 0; i < rounds; ++i) {
#pragma GCC unroll 24
      for (int k = 0; k < accumulators; ++k)
        sums[k] = _mm512_dpbf16_ps(sums[k], x, y);
      asm volatile("" : "+v"(x), "+v"(y));
    }
  benchmark::DoNotOptimize(total(sums));
  state.counters["GFLOP/s"] = benchmark::Counter(
      1e-9 * double(state.iterations()) * rounds * accumulators * 64,
      benchmark::Counter::kIsRate);
  state.counters["f32"] = floatRate();
}
BENCHMARK(bf16DotProducts)->Unit(benchmark::kMillisecond);

} // namespace
#endif
