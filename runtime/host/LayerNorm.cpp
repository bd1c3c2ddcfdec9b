//===- LayerNorm.cpp - Layer normalisation --------------------------------===//
//
// Columns in tiles; the inner loops run along T.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/LayerNorm.h"

#include "runtime/host/RmsNorm.h"
#include "runtime/host/Tiles.h"
#include "runtime/support/ThreadPool.h"

namespace anec::rt {

template <typename Real>
void center(const Real *x, Real *y, int64_t D, int64_t T, ThreadPool &pool) {
  pool.parallelTiles(T, tokenTile, [&](int64_t begin, int64_t end) {
    double mean[tokenTile] = {};
    for (int64_t d = 0; d < D; ++d)
      for (int64_t t = begin; t < end; ++t)
        mean[t - begin] += double(x[d * T + t]);
    for (int64_t i = 0; i < end - begin; ++i)
      mean[i] /= double(D);
    for (int64_t d = 0; d < D; ++d)
      for (int64_t t = begin; t < end; ++t)
        y[d * T + t] = Real(double(x[d * T + t]) - mean[t - begin]);
  });
}

template <typename Real>
void layerNorm(const Real *x, const Real *gain, Real *y, int64_t D, int64_t T,
               double eps, ThreadPool &pool) {
  center(x, y, D, T, pool);
  rmsNorm(y, gain, y, D, T, eps, pool);
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void center(const Real *, Real *, int64_t, int64_t, ThreadPool &);  \
  template void layerNorm(const Real *, const Real *, Real *, int64_t,         \
                          int64_t, double, ThreadPool &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt
