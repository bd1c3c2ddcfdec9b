//===- RmsNorm.cpp - Root mean square normalisation -----------------------===//
//
// Columns are walked in tiles: the inner loop runs along T, which is
// contiguous, so that no sum is reordered.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/RmsNorm.h"

#include "runtime/host/Tiles.h"
#include "runtime/support/PrefetchMemory.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/vector/DoubleRows.h"

#include <cmath>
#include <vector>

namespace anec::rt {
namespace {

/// A tile's part of a row is a few cache lines.
constexpr int64_t rowsAhead = 12;

/// inverse[t - begin] = 1 / rms[t].
template <typename Real>
void inverseRms(const Real *x, double *inverse, int64_t D, int64_t T,
                double eps, int64_t begin, int64_t end) {
  std::fill(inverse, inverse + (end - begin), 0.0);
  for (int64_t d = 0; d < D; ++d) {
    if (d + rowsAhead < D)
      prefetch(x + (d + rowsAhead) * T + begin, end - begin);
    addProducts(1, x + d * T + begin, x + d * T + begin, inverse, end - begin);
  }
  for (int64_t i = 0; i < end - begin; ++i)
    inverse[i] = 1.0 / std::sqrt(inverse[i] / double(D) + eps);
}

} // namespace

template <typename Real>
void rmsNorm(const Real *x, const Real *gain, Real *y, int64_t D, int64_t T,
             double eps, ThreadPool &pool) {
  pool.parallelTiles(T, tokenTile, [&](int64_t begin, int64_t end) {
    double inverse[tokenTile];
    inverseRms(x, inverse, D, T, eps, begin, end);
    for (int64_t d = 0; d < D; ++d) {
      if (d + rowsAhead < D)
        prefetch(y + (d + rowsAhead) * T + begin, end - begin);
      scaleRow(double(gain[d]), x + d * T + begin, inverse, y + d * T + begin,
               end - begin);
    }
  });
}

template <typename Real>
void rmsNormGrad(const Real *x, const Real *gain, const Real *dy, Real *dx,
                 int64_t D, int64_t T, double eps, ThreadPool &pool) {
  pool.parallelTiles(T, tokenTile, [&](int64_t begin, int64_t end) {
    double inverse[tokenTile], dot[tokenTile] = {};
    inverseRms(x, inverse, D, T, eps, begin, end);
    for (int64_t d = 0; d < D; ++d)
      addProducts(double(gain[d]), dy + d * T + begin, x + d * T + begin, dot,
                  end - begin);
    for (int64_t i = 0; i < end - begin; ++i)
      dot[i] *= inverse[i] * inverse[i] * inverse[i] / double(D);
    for (int64_t d = 0; d < D; ++d)
      scaleAndSubtract(double(gain[d]), dy + d * T + begin, inverse,
                       x + d * T + begin, dot, dx + d * T + begin, end - begin);
  });
}

template <typename Real>
void rmsNormGainGrad(const Real *x, const Real *dy, Real *dgain, int64_t D,
                     int64_t T, double eps, bool accumulate, ThreadPool &pool) {
  std::vector<double> inverse(static_cast<size_t>(T));
  pool.parallelTiles(T, tokenTile, [&](int64_t begin, int64_t end) {
    inverseRms(x, inverse.data() + begin, D, T, eps, begin, end);
  });
  pool.parallelTiles(D, featureTile, [&](int64_t begin, int64_t end) {
    for (int64_t d = begin; d < end; ++d) {
      double sum = 0;
      for (int64_t t = 0; t < T; ++t)
        sum +=
            double(dy[d * T + t]) * double(x[d * T + t]) * inverse[size_t(t)];
      dgain[d] = Real((accumulate ? double(dgain[d]) : 0.0) + sum);
    }
  });
}

/// Of dweight * weight, by column.
template <typename Real>
static std::vector<double> columnDots(const Real *weight, const Real *dweight,
                                      int64_t O, int64_t I, ThreadPool &pool) {
  // Rows are contiguous: each tile of them sums all columns by itself.
  const int64_t tiles = (O + tokenTile - 1) / tokenTile;
  std::vector<double> sums(static_cast<size_t>(tiles * I), 0.0);
  pool.parallelTiles(O, tokenTile, [&](int64_t begin, int64_t end) {
    double *sum = sums.data() + begin / tokenTile * I;
    for (int64_t o = begin; o < end; ++o)
      addProducts(1, dweight + o * I, weight + o * I, sum, I);
  });
  std::vector<double> dots(static_cast<size_t>(I), 0.0);
  for (int64_t tile = 0; tile < tiles; ++tile)
    for (int64_t i = 0; i < I; ++i)
      dots[size_t(i)] += sums[size_t(tile * I + i)];
  return dots;
}

template <typename Real>
void deriveGainGrad(const Real *weight, const Real *gain, Real *dweight,
                    Real *dgain, int64_t O, int64_t I, bool accumulate,
                    ThreadPool &pool, const double *dots) {
  std::vector<double> computed;
  if (!dots) {
    computed = columnDots(weight, dweight, O, I, pool);
    dots = computed.data();
  }
  for (int64_t i = 0; i < I; ++i) {
    const double sum = dots[i];
    const bool isZero = gain[i] == Real(0);
    dgain[i] = Real((accumulate ? double(dgain[i]) : 0.0) +
                    (isZero ? sum : sum / double(gain[i])));
    for (int64_t o = 0; isZero && o < O; ++o)
      dweight[o * I + i] = 0;
  }
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void rmsNorm(const Real *, const Real *, Real *, int64_t, int64_t,  \
                        double, ThreadPool &);                                 \
  template void rmsNormGrad(const Real *, const Real *, const Real *, Real *,  \
                            int64_t, int64_t, double, ThreadPool &);           \
  template void rmsNormGainGrad(const Real *, const Real *, Real *, int64_t,   \
                                int64_t, double, bool, ThreadPool &);          \
  template void deriveGainGrad(const Real *, const Real *, Real *, Real *,     \
                               int64_t, int64_t, bool, ThreadPool &,           \
                               const double *);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt
