//===- Peak.cpp - What the arithmetic units can do at most ----------------===//
//
// Chains of multiply-adds that touch no memory, enough of them to hide their
// latency.
//
//===----------------------------------------------------------------------===//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/gemm/Peak.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/gemm/AmxKernels.h"
#include "runtime/gemm/MatrixUnit.h"
#include "runtime/gemm/Peak.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <chrono>
#include <vector>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Runs `rounds` rounds of 12 multiply-adds; returns their operations.
double multiplyAdds(int rounds, float *result) {
  const hn::ScalableTag<float> d;
  const auto scale = hn::Set(d, 0.5f), shift = hn::Set(d, 0.25f);
  // Different numbers, or a compiler computes one chain for all.
  auto s0 = hn::Set(d, *result), s1 = hn::Add(s0, shift);
  auto s2 = hn::Add(s1, shift), s3 = hn::Add(s2, shift);
  auto s4 = hn::Add(s3, shift), s5 = hn::Add(s4, shift);
  auto s6 = hn::Add(s5, shift), s7 = hn::Add(s6, shift);
  auto s8 = hn::Add(s7, shift), s9 = hn::Add(s8, shift);
  auto s10 = hn::Add(s9, shift), s11 = hn::Add(s10, shift);
  for (int i = 0; i < rounds; ++i) {
    s0 = hn::MulAdd(s0, scale, shift);
    s1 = hn::MulAdd(s1, scale, shift);
    s2 = hn::MulAdd(s2, scale, shift);
    s3 = hn::MulAdd(s3, scale, shift);
    s4 = hn::MulAdd(s4, scale, shift);
    s5 = hn::MulAdd(s5, scale, shift);
    s6 = hn::MulAdd(s6, scale, shift);
    s7 = hn::MulAdd(s7, scale, shift);
    s8 = hn::MulAdd(s8, scale, shift);
    s9 = hn::MulAdd(s9, scale, shift);
    s10 = hn::MulAdd(s10, scale, shift);
    s11 = hn::MulAdd(s11, scale, shift);
  }
  const auto left =
      hn::Add(hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)), hn::Add(s4, s5));
  const auto right =
      hn::Add(hn::Add(hn::Add(s6, s7), hn::Add(s8, s9)), hn::Add(s10, s11));
  *result = hn::GetLane(hn::Add(left, right));
  return 12.0 * 2.0 * static_cast<double>(hn::Lanes(d)) * rounds;
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt {

HWY_EXPORT(multiplyAdds);

/// Operations per second of function(thread), which returns how many it made.
template <typename Function>
static double measureRate(ThreadPool &pool, const Function &function) {
  using Clock = std::chrono::steady_clock;
  constexpr int repetitions = 9;
  std::vector<double> rates;
  for (int repetition = 0; repetition <= repetitions; ++repetition) {
    std::vector<double> operations(static_cast<size_t>(pool.size()));
    const Clock::time_point start = Clock::now();
    pool.parallelFor(pool.size(), [&](int64_t i) {
      operations[static_cast<size_t>(i)] = function(i);
    });
    const std::chrono::duration<double> elapsed = Clock::now() - start;
    double total = 0;
    for (double each : operations)
      total += each;
    // The first one wakes threads and clocks.
    if (repetition > 0)
      rates.push_back(total / elapsed.count());
  }
  std::nth_element(rates.begin(), rates.begin() + repetitions / 2, rates.end());
  return rates[repetitions / 2];
}

double measurePeakFlops(ThreadPool &pool) {
  std::vector<float> results(static_cast<size_t>(pool.size()));
  return measureRate(pool, [&](int64_t thread) {
    return HWY_DYNAMIC_DISPATCH(multiplyAdds)(
        200000, &results[static_cast<size_t>(thread)]);
  });
}

double measureAmxPeakFlops(ThreadPool &pool) {
  if (matrixUnit() != MatrixUnit::Amx)
    return 0;
  return measureRate(
      pool, [](int64_t) { return gemm_detail::multiplyTiles(200000); });
}

} // namespace anec::rt
#endif // HWY_ONCE
