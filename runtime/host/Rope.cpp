//===- Rope.cpp - Rotary position embedding -------------------------------===//
//
// One table of sines and cosines per call; tiles are feature pairs.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Rope.h"

#include "runtime/host/Tiles.h"
#include "runtime/support/ThreadPool.h"

#include <cmath>
#include <vector>

namespace anec::rt {

template <typename Real>
void rope(const Real *x, Real *y, int64_t D, int64_t T, int64_t S,
          int64_t headDim, double theta, RopeStyle style, bool inverse,
          ThreadPool &pool) {
  int64_t half = headDim / 2;
  std::vector<Real> sines(size_t(half * S)), cosines(size_t(half * S));
  for (int64_t i = 0; i < half; ++i) {
    double frequency = std::pow(theta, -2.0 * double(i) / double(headDim));
    for (int64_t s = 0; s < S; ++s) {
      double angle = double(s) * frequency;
      sines[size_t(i * S + s)] =
          Real(inverse ? -std::sin(angle) : std::sin(angle));
      cosines[size_t(i * S + s)] = Real(std::cos(angle));
    }
  }
  pool.parallelTiles(D / 2, 4, [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; ++pair) {
      int64_t head = pair / half, i = pair % half;
      bool interleaved = style == RopeStyle::Interleaved;
      int64_t a = head * headDim + (interleaved ? 2 * i : i);
      int64_t b = interleaved ? a + 1 : a + half;
      const Real *sine = &sines[size_t(i * S)],
                 *cosine = &cosines[size_t(i * S)];
      for (int64_t first = 0; first < T; first += S)
        for (int64_t s = 0; s < S; ++s) {
          Real xa = x[a * T + first + s], xb = x[b * T + first + s];
          y[a * T + first + s] = xa * cosine[s] - xb * sine[s];
          y[b * T + first + s] = xa * sine[s] + xb * cosine[s];
        }
    }
  });
}

template void rope(const float *, float *, int64_t, int64_t, int64_t, int64_t,
                   double, RopeStyle, bool, ThreadPool &);
template void rope(const double *, double *, int64_t, int64_t, int64_t, int64_t,
                   double, RopeStyle, bool, ThreadPool &);

} // namespace anec::rt
