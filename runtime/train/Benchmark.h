//===- Benchmark.h - How fast a bundle trains -------------------*- C++ -*-===//
//
// Times whole updates on random data and says where the time goes, next to what
// the machine's arithmetic units could do in the same minute.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_BENCHMARK_H
#define ANEC_RUNTIME_TRAIN_BENCHMARK_H

#include "runtime/train/Executor.h"

namespace anec::rt {

struct BenchmarkOptions {
  /// Updates that are timed, after `warmup` that are not.
  int64_t steps = 10;
  int64_t warmup = 2;
  int64_t accumulation = 1;
  /// Without it nothing is clipped, changed or staged, and no moments exist.
  bool optimizer = true;
  /// Tokens that take part; 0: all, or those the bundle was compiled for.
  int64_t activeVocabulary = 0;
  uint64_t seed = 1;
  /// Weight gradients beside the device; none: as the device says.
  std::optional<bool> overlap;
  /// Of products on the host.
  GemmPrecision hostPrecision = GemmPrecision::Full;
};

/// One JSON object. Times are milliseconds per micro-step: the median update in
/// `ms_per_micro_step`, means in `phases` and `operators`. `gflops` are 1e9
/// operations per second of matrix products on the device and on the host;
/// `gemm_share_of_peak` compares both together with the measured peak of f32
/// multiply-adds, `peak_gflops`; `amx_peak_gflops` is that of products of bf16
/// on tiles, 0 where AMX is not used. Errors: those of the device, and an
/// active vocabulary the bundle cannot have.
Result<nlohmann::json> benchmarkTraining(const Bundle &bundle, Device &device,
                                         ThreadPool &pool,
                                         const BenchmarkOptions &options);

/// The same as a few lines for people.
std::string formatBenchmark(const nlohmann::json &result);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_BENCHMARK_H
