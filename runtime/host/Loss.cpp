//===- Loss.cpp - Cross entropy and mean squared error --------------------===//
//
// Reductions go through one partial sum per tile, added in tile order.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Loss.h"

#include "runtime/host/LogitSums.h"
#include "runtime/host/Tiles.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace anec::rt {
namespace {

template <typename Real>
double meanLoss(const LogitSums<Real> &sums, const Real *logits,
                const int32_t *targets, int64_t T) {
  double total = 0;
  for (int64_t t = 0; t < T; ++t)
    total += std::log(sums.sum[size_t(t)]) + double(sums.maximum[size_t(t)]) -
             double(logits[targets[t] * T + t]);
  return total / double(T);
}

template <typename Real>
void putGradient(const LogitSums<Real> &sums, const Real *logits,
                 const int32_t *targets, double dloss, Real *dlogits, int64_t V,
                 int64_t T, ThreadPool &pool) {
  const double weight = dloss / double(T);
  std::vector<Real> factor(static_cast<size_t>(T));
  for (size_t t = 0; t < factor.size(); ++t)
    factor[t] = Real(weight / sums.sum[t]);
  sums.scaledExponentials(logits, factor, dlogits, V, T, pool);
  for (int64_t t = 0; t < T; ++t)
    dlogits[targets[t] * T + t] -= Real(weight);
}

} // namespace

template <typename Real>
double crossEntropy(const Real *logits, const int32_t *targets, int64_t V,
                    int64_t T, ThreadPool &pool) {
  return meanLoss(LogitSums<Real>(logits, V, T, pool), logits, targets, T);
}

template <typename Real>
void crossEntropyGrad(const Real *logits, const int32_t *targets, double dloss,
                      Real *dlogits, int64_t V, int64_t T, ThreadPool &pool) {
  const LogitSums<Real> sums(logits, V, T, pool);
  putGradient(sums, logits, targets, dloss, dlogits, V, T, pool);
}

template <typename Real>
double crossEntropyWithGrad(const Real *logits, const int32_t *targets,
                            double dloss, Real *dlogits, int64_t V, int64_t T,
                            ThreadPool &pool) {
  const LogitSums<Real> sums(logits, V, T, pool);
  const double loss = meanLoss(sums, logits, targets, T);
  putGradient(sums, logits, targets, dloss, dlogits, V, T, pool);
  return loss;
}

/// The logarithm of a probability that fp16 may have rounded to 0.
static double logOfRounded(double probability) {
  constexpr double smallest = 0x1p-24;
  // Not std::max, which would hide a NaN.
  return std::log(probability < smallest ? smallest : probability);
}

template <typename Real>
double logLoss(const Real *p, const int32_t *targets, int64_t T) {
  double total = 0;
  for (int64_t t = 0; t < T; ++t)
    total -= logOfRounded(double(p[targets[t] * T + t]));
  return total / double(T);
}

template <typename Real>
double peakLogLoss(const Real *x, const Real *weight, const int32_t *targets,
                   const Real *top, const Real *peak, int64_t D, int64_t T) {
  double total = 0;
  for (int64_t t = 0; t < T; ++t) {
    const Real *row = weight + targets[t] * D;
    double logit = 0;
    for (int64_t d = 0; d < D; ++d)
      logit += double(x[d * T + t]) * double(row[d]);
    total += double(top[t]) - logOfRounded(double(peak[t])) - logit;
  }
  return total / double(T);
}

template <typename Real>
void logLossLogitsGrad(const Real *p, const int32_t *targets, double dloss,
                       Real *dlogits, int64_t V, int64_t T, ThreadPool &pool) {
  const Real weight = Real(dloss / double(T));
  pool.parallelTiles(V * T, elementTile, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      dlogits[i] = weight * p[i];
  });
  for (int64_t t = 0; t < T; ++t)
    dlogits[targets[t] * T + t] -= weight;
}

template <typename Real>
void targetWeights(const int32_t *targets, double dloss, Real *y, int64_t V,
                   int64_t T, ThreadPool &pool) {
  pool.parallelTiles(V * T, elementTile, [&](int64_t begin, int64_t end) {
    std::fill(y + begin, y + end, Real(0));
  });
  for (int64_t t = 0; t < T; ++t)
    y[targets[t] * T + t] = Real(dloss / double(T));
}

template <typename Real>
void logProbability(const Real *p, Real *y, int64_t N, ThreadPool &pool) {
  constexpr Real lowest = -65504;
  pool.parallelTiles(N, elementTile, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      y[i] = p[i] == 0 ? lowest : std::log(p[i]);
  });
}

template <typename Real>
double meanSquaredError(const Real *x, const Real *t, int64_t N,
                        ThreadPool &pool) {
  std::vector<double> partial(size_t((N + elementTile - 1) / elementTile));
  pool.parallelTiles(N, elementTile, [&](int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t i = begin; i < end; ++i)
      sum += (double(x[i]) - double(t[i])) * (double(x[i]) - double(t[i]));
    partial[size_t(begin / elementTile)] = sum;
  });
  double total = 0;
  for (double sum : partial)
    total += sum;
  return total / double(N);
}

template <typename Real>
void meanSquaredErrorGrad(const Real *x, const Real *t, double dloss, Real *dx,
                          int64_t N, ThreadPool &pool) {
  double weight = 2.0 * dloss / double(N);
  pool.parallelTiles(N, elementTile, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      dx[i] = Real(weight * (double(x[i]) - double(t[i])));
  });
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template double crossEntropy(const Real *, const int32_t *, int64_t,         \
                               int64_t, ThreadPool &);                         \
  template void crossEntropyGrad(const Real *, const int32_t *, double,        \
                                 Real *, int64_t, int64_t, ThreadPool &);      \
  template double crossEntropyWithGrad(const Real *, const int32_t *, double,  \
                                       Real *, int64_t, int64_t,               \
                                       ThreadPool &);                          \
  template double logLoss(const Real *, const int32_t *, int64_t);             \
  template double peakLogLoss(const Real *, const Real *, const int32_t *,     \
                              const Real *, const Real *, int64_t, int64_t);   \
  template void logLossLogitsGrad(const Real *, const int32_t *, double,       \
                                  Real *, int64_t, int64_t, ThreadPool &);     \
  template void targetWeights(const int32_t *, double, Real *, int64_t,        \
                              int64_t, ThreadPool &);                          \
  template void logProbability(const Real *, Real *, int64_t, ThreadPool &);   \
  template double meanSquaredError(const Real *, const Real *, int64_t,        \
                                   ThreadPool &);                              \
  template void meanSquaredErrorGrad(const Real *, const Real *, double,       \
                                     Real *, int64_t, ThreadPool &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt
