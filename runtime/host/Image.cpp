//===- Image.cpp - Patches and pools of images ----------------------------===//
//
// Channels are independent and shared among threads; images and pixels are
// walked in order.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Image.h"

#include "runtime/host/Tiles.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cmath>

namespace anec::rt {
namespace {

/// Calls visit(first pixel of a square, its number) for each square of an
/// image.
template <typename Visit>
void forEachSquare(ImageGrid grid, const Visit &visit) {
  int64_t square = 0;
  for (int64_t i = 0; i < grid.height; i += grid.step)
    for (int64_t j = 0; j < grid.width; j += grid.step)
      visit(i * grid.width + j, square++);
}

/// Calls visit(pixel) for each pixel of the square that begins at `first`.
template <typename Visit>
void forEachPixel(ImageGrid grid, int64_t first, const Visit &visit) {
  for (int64_t u = 0; u < grid.step; ++u)
    for (int64_t v = 0; v < grid.step; ++v)
      visit(first + u * grid.width + v);
}

/// Calls work(channel and image, as one number) on the threads of `pool`.
template <typename Work>
void forEachPlane(int64_t C, int64_t N, ThreadPool &pool, const Work &work) {
  pool.parallelTiles(C * N, featureTile, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane)
      work(plane);
  });
}

template <typename Real>
int64_t largestPixel(const Real *image, ImageGrid grid, int64_t first) {
  int64_t best = first;
  forEachPixel(grid, first, [&](int64_t pixel) {
    bool larger = image[pixel] > image[best] ||
                  (std::isnan(image[pixel]) && !std::isnan(image[best]));
    best = larger ? pixel : best;
  });
  return best;
}

} // namespace

template <typename Real>
void patches(const Real *x, Real *y, int64_t C, int64_t N, ImageGrid grid,
             int64_t kernel, ThreadPool &pool) {
  const int64_t pad = std::max<int64_t>(0, (kernel - grid.step + 1) / 2);
  const int64_t squares = grid.squares();
  pool.parallelTiles(kernel * kernel * C, 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t c = row % C, tap = row / C;
      const int64_t u = tap / kernel - pad, v = tap % kernel - pad;
      for (int64_t n = 0; n < N; ++n) {
        const Real *image = x + (c * N + n) * grid.pixels();
        Real *to = y + (row * N + n) * squares;
        forEachSquare(grid, [&](int64_t first, int64_t square) {
          const int64_t i = first / grid.width + u, j = first % grid.width + v;
          const bool inside =
              i >= 0 && i < grid.height && j >= 0 && j < grid.width;
          to[square] = inside ? image[i * grid.width + j] : Real(0);
        });
      }
    }
  });
}

template <typename Real>
void maxPool(const Real *x, Real *y, int64_t C, int64_t N, ImageGrid grid,
             ThreadPool &pool) {
  forEachPlane(C, N, pool, [&](int64_t plane) {
    const Real *image = x + plane * grid.pixels();
    Real *to = y + plane * grid.squares();
    forEachSquare(grid, [&](int64_t first, int64_t square) {
      to[square] = image[largestPixel(image, grid, first)];
    });
  });
}

template <typename Real>
void averagePool(const Real *x, Real *y, int64_t C, int64_t N, ImageGrid grid,
                 ThreadPool &pool) {
  forEachPlane(C, N, pool, [&](int64_t plane) {
    const Real *image = x + plane * grid.pixels();
    Real *to = y + plane * grid.squares();
    forEachSquare(grid, [&](int64_t first, int64_t square) {
      double sum = 0;
      forEachPixel(grid, first,
                   [&](int64_t pixel) { sum += double(image[pixel]); });
      to[square] = Real(sum / double(grid.step * grid.step));
    });
  });
}

template <typename Real>
void maxPoolGrad(const Real *x, const Real *dy, Real *dx, int64_t C, int64_t N,
                 ImageGrid grid, ThreadPool &pool) {
  forEachPlane(C, N, pool, [&](int64_t plane) {
    const Real *image = x + plane * grid.pixels();
    const Real *from = dy + plane * grid.squares();
    Real *to = dx + plane * grid.pixels();
    std::fill_n(to, grid.pixels(), Real(0));
    forEachSquare(grid, [&](int64_t first, int64_t square) {
      to[largestPixel(image, grid, first)] = from[square];
    });
  });
}

template <typename Real>
void averagePoolGrad(const Real *dy, Real *dx, int64_t C, int64_t N,
                     ImageGrid grid, ThreadPool &pool) {
  forEachPlane(C, N, pool, [&](int64_t plane) {
    const Real *from = dy + plane * grid.squares();
    Real *to = dx + plane * grid.pixels();
    forEachSquare(grid, [&](int64_t first, int64_t square) {
      const Real share = from[square] / Real(grid.step * grid.step);
      forEachPixel(grid, first, [&](int64_t pixel) { to[pixel] = share; });
    });
  });
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void patches(const Real *, Real *, int64_t, int64_t, ImageGrid,     \
                        int64_t, ThreadPool &);                                \
  template void maxPool(const Real *, Real *, int64_t, int64_t, ImageGrid,     \
                        ThreadPool &);                                         \
  template void averagePool(const Real *, Real *, int64_t, int64_t, ImageGrid, \
                            ThreadPool &);                                     \
  template void maxPoolGrad(const Real *, const Real *, Real *, int64_t,       \
                            int64_t, ImageGrid, ThreadPool &);                 \
  template void averagePoolGrad(const Real *, Real *, int64_t, int64_t,        \
                                ImageGrid, ThreadPool &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt
