//===- AdamW.cpp - Adam with decoupled weight decay -----------------------===//
//
// One pass over the four arrays of a tensor.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/AdamW.h"

#include "runtime/support/ThreadPool.h"

#include <cmath>
#include <vector>

namespace anec::rt {

/// Fixed, so that sums do not depend on the number of threads.
constexpr int64_t optimizerTile = 1 << 14;

void adamW(const AdamWOptions &options, double rate, int64_t step, bool decays,
           double scale, Span<const float> gradient, Span<float> parameter,
           Span<float> m, Span<float> v, ThreadPool &pool) {
  double correction1 = 1 - std::pow(options.beta1, double(step));
  double correction2 = 1 - std::pow(options.beta2, double(step));
  const float beta1 = float(options.beta1), beta2 = float(options.beta2);
  const float rest1 = float(1 - options.beta1),
              rest2 = float(1 - options.beta2);
  const float keep = float(decays ? 1 - rate * options.weightDecay : 1.0);
  const float stepSize = float(rate / correction1);
  const float rootInverse = float(1 / std::sqrt(correction2));
  const float epsilon = float(options.epsilon), factor = float(scale);
  const float *g = gradient.data();
  float *p = parameter.data(), *first = m.data(), *second = v.data();
  pool.parallelTiles(
      int64_t(parameter.size()), optimizerTile,
      [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          float scaled = g[i] * factor;
          first[i] = beta1 * first[i] + rest1 * scaled;
          second[i] = beta2 * second[i] + rest2 * (scaled * scaled);
          float denominator = std::sqrt(second[i]) * rootInverse + epsilon;
          p[i] = p[i] * keep - stepSize * (first[i] / denominator);
        }
      });
}

double sumOfSquares(Span<const float> values, ThreadPool &pool) {
  int64_t count = int64_t(values.size());
  std::vector<double> partial(
      size_t((count + optimizerTile - 1) / optimizerTile));
  pool.parallelTiles(count, optimizerTile, [&](int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t i = begin; i < end; ++i)
      sum += double(values[size_t(i)]) * double(values[size_t(i)]);
    partial[size_t(begin / optimizerTile)] = sum;
  });
  double total = 0;
  for (double sum : partial)
    total += sum;
  return total;
}

} // namespace anec::rt
