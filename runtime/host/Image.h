//===- Image.h - Patches and pools of images --------------------*- C++ -*-===//
//
// An image is a sequence of pixels, row by row; channels are features. A batch
// of images [C, T] has T = images * height * width.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_IMAGE_H
#define ANEC_RUNTIME_HOST_IMAGE_H

#include <cstdint>

namespace anec::rt {

class ThreadPool;

/// Sizes of one image, and of the squares of `step` x `step` pixels that become
/// one pixel; `step` divides both.
struct ImageGrid {
  int64_t height, width, step;

  int64_t pixels() const { return height * width; }
  int64_t squares() const { return pixels() / (step * step); }
};

/// The pixels that each output of a convolution sees:
///
///   y[(u, v, c), (i, j)] = x[c, (i * step - pad + u, j * step - pad + v)]
///
/// with u and v below `kernel`, pad = max(0, (kernel - step + 1) / 2), and 0
/// for pixels outside of the image.
///
/// Shapes    x: [C, N * pixels]; y: [kernel^2 * C, N * squares].
/// Numerics  copies.
template <typename Real>
void patches(const Real *x, Real *y, int64_t C, int64_t N, ImageGrid grid,
             int64_t kernel, ThreadPool &pool);

/// The largest pixel of each square, or the mean of them.
///
/// Shapes    x: [C, N * pixels]; y: [C, N * squares].
/// Numerics  sums in double, row by row. NaN is larger than any number.
template <typename Real>
void maxPool(const Real *x, Real *y, int64_t C, int64_t N, ImageGrid grid,
             ThreadPool &pool);
template <typename Real>
void averagePool(const Real *x, Real *y, int64_t C, int64_t N, ImageGrid grid,
                 ThreadPool &pool);

/// Gradients of the pools. That of a largest pixel goes to the first one, row
/// by row, as PyTorch does; that of a mean to all in equal shares.
///
/// Shapes    x, dx: [C, N * pixels]; dy: [C, N * squares].
template <typename Real>
void maxPoolGrad(const Real *x, const Real *dy, Real *dx, int64_t C, int64_t N,
                 ImageGrid grid, ThreadPool &pool);
template <typename Real>
void averagePoolGrad(const Real *dy, Real *dx, int64_t C, int64_t N,
                     ImageGrid grid, ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_IMAGE_H
