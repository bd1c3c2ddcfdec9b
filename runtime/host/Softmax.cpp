//===- Softmax.cpp - Softmax over features --------------------------------===//
//
// Columns in tiles; the inner loops run along T.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Softmax.h"

#include "runtime/host/Columns.h"
#include "runtime/support/ThreadPool.h"

namespace anec::rt {

template <typename Real>
void softmax(const Real *x, Real *y, int64_t D, int64_t T, ThreadPool &pool) {
  pool.parallelTiles(T, tokenTile, [&](int64_t begin, int64_t end) {
    const ColumnTile<Real> tile(x, D, T, begin, end);
    Real factor[tokenTile];
    for (int64_t i = 0; i < end - begin; ++i)
      factor[i] = Real(1 / tile.sum[i]);
    tile.scaledExponentials(factor, y);
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
