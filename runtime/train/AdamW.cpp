//===- AdamW.cpp - Adam with decoupled weight decay -----------------------===//
//
// One pass over the four arrays of a tensor. The loops are plain; they are
// compiled once per instruction set, without contracting products and sums, so
// that every machine gives the same bits.
//
//===----------------------------------------------------------------------===//
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/train/AdamW.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/train/AdamW.h"

#include "runtime/support/ThreadPool.h"

#include <cmath>
#include <vector>

#ifndef ANEC_RUNTIME_TRAIN_ADAMW_CPP
#define ANEC_RUNTIME_TRAIN_ADAMW_CPP
namespace anec::rt {

/// Sums go into so many parts, whatever the width of vectors.
constexpr int64_t sumParts = 16;
/// Elements that are asked for before their turn: one array alone is otherwise
/// read at a third of the speed of memory.
constexpr int64_t prefetchDistance = 1024;

} // namespace anec::rt
#endif // ANEC_RUNTIME_TRAIN_ADAMW_CPP

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

void adamWTile(const AdamWFactors &f, const float *HWY_RESTRICT g,
               float *HWY_RESTRICT p, float *HWY_RESTRICT m,
               float *HWY_RESTRICT v, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float scaled = g[i] * f.gradientScale;
    m[i] = f.beta1 * m[i] + f.rest1 * scaled;
    v[i] = f.beta2 * v[i] + f.rest2 * (scaled * scaled);
    const float denominator = std::sqrt(v[i]) * f.rootInverse + f.epsilon;
    p[i] = p[i] * f.keep - f.stepSize * (m[i] / denominator);
  }
}

double squaresTile(const float *HWY_RESTRICT values, int64_t count) {
  double parts[sumParts] = {};
  int64_t i = 0;
  for (; i + sumParts <= count; i += sumParts) {
    __builtin_prefetch(values + i + prefetchDistance, 0, 2);
    for (int64_t j = 0; j < sumParts; ++j)
      parts[j] += double(values[i + j]) * double(values[i + j]);
  }
  for (int64_t j = 0; i + j < count; ++j)
    parts[j] += double(values[i + j]) * double(values[i + j]);
  double sum = 0;
  for (double part : parts)
    sum += part;
  return sum;
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt {

HWY_EXPORT(adamWTile);
HWY_EXPORT(squaresTile);

/// Fixed, so that sums do not depend on the number of threads.
constexpr int64_t optimizerTile = 1 << 14;

AdamWFactors::AdamWFactors(const AdamWOptions &options, double rate,
                           int64_t step, bool decays, double scale)
    : beta1(float(options.beta1)), beta2(float(options.beta2)),
      rest1(float(1 - options.beta1)), rest2(float(1 - options.beta2)),
      keep(float(decays ? 1 - rate * options.weightDecay : 1.0)),
      stepSize(float(rate / (1 - std::pow(options.beta1, double(step))))),
      rootInverse(
          float(1 / std::sqrt(1 - std::pow(options.beta2, double(step))))),
      epsilon(float(options.epsilon)), gradientScale(float(scale)) {}

void adamWPart(const AdamWFactors &factors, const float *gradient,
               float *parameter, float *m, float *v, int64_t count) {
  HWY_DYNAMIC_DISPATCH(adamWTile)(factors, gradient, parameter, m, v, count);
}

void adamW(const AdamWOptions &options, double rate, int64_t step, bool decays,
           double scale, Span<const float> gradient, Span<float> parameter,
           Span<float> m, Span<float> v, ThreadPool &pool) {
  const AdamWFactors factors(options, rate, step, decays, scale);
  pool.parallelTiles(int64_t(parameter.size()), optimizerTile,
                     [&](int64_t begin, int64_t end) {
                       adamWPart(factors, gradient.data() + begin,
                                 parameter.data() + begin, m.data() + begin,
                                 v.data() + begin, end - begin);
                     });
}

double sumOfSquares(Span<const float> values, ThreadPool &pool) {
  const int64_t count = int64_t(values.size());
  std::vector<double> partial(
      size_t((count + optimizerTile - 1) / optimizerTile));
  pool.parallelTiles(count, optimizerTile, [&](int64_t begin, int64_t end) {
    partial[size_t(begin / optimizerTile)] =
        HWY_DYNAMIC_DISPATCH(squaresTile)(values.data() + begin, end - begin);
  });
  double total = 0;
  for (double sum : partial)
    total += sum;
  return total;
}

} // namespace anec::rt
#endif // HWY_ONCE
