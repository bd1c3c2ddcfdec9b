//===- Softmax.cpp - Softmax over features --------------------------------===//
//
// Columns in tiles; the inner loops run along T.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Softmax.h"

#include "runtime/host/Tiles.h"
#include "runtime/support/ThreadPool.h"

#include <cmath>
#include <limits>

namespace anec::rt {

template <typename Real>
void softmax(const Real *x, Real *y, int64_t D, int64_t T, ThreadPool &pool) {
  pool.parallelTiles(T, tokenTile, [&](int64_t begin, int64_t end) {
    Real maximum[tokenTile];
    double sum[tokenTile] = {};
    std::fill(maximum, maximum + tokenTile,
              -std::numeric_limits<Real>::infinity());
    for (int64_t d = 0; d < D; ++d)
      for (int64_t t = begin; t < end; ++t)
        maximum[t - begin] = std::max(maximum[t - begin], x[d * T + t]);
    for (int64_t d = 0; d < D; ++d)
      for (int64_t t = begin; t < end; ++t) {
        Real power = std::exp(x[d * T + t] - maximum[t - begin]);
        y[d * T + t] = power;
        sum[t - begin] += double(power);
      }
    for (int64_t d = 0; d < D; ++d)
      for (int64_t t = begin; t < end; ++t)
        y[d * T + t] = Real(double(y[d * T + t]) / sum[t - begin]);
  });
}

template <typename Real>
void softmaxGrad(const Real *y, const Real *dy, Real *dx, int64_t D, int64_t T,
                 ThreadPool &pool) {
  pool.parallelTiles(T, tokenTile, [&](int64_t begin, int64_t end) {
    double dot[tokenTile] = {};
    for (int64_t d = 0; d < D; ++d)
      for (int64_t t = begin; t < end; ++t)
        dot[t - begin] += double(y[d * T + t]) * double(dy[d * T + t]);
    for (int64_t d = 0; d < D; ++d)
      for (int64_t t = begin; t < end; ++t)
        dx[d * T + t] = Real(double(y[d * T + t]) *
                             (double(dy[d * T + t]) - dot[t - begin]));
  });
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void softmax(const Real *, Real *, int64_t, int64_t, ThreadPool &); \
  template void softmaxGrad(const Real *, const Real *, Real *, int64_t,       \
                            int64_t, ThreadPool &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt
