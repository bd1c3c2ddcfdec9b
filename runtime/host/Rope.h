//===- Rope.h - Rotary position embedding -----------------------*- C++ -*-===//
//
// Rotations of feature pairs by position, forwards and back.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_ROPE_H
#define ANEC_RUNTIME_HOST_ROPE_H

#include <cstdint>

namespace anec::rt {

class ThreadPool;

/// Which features of a head form pair i: (2i, 2i+1) as in llama2.c, or
/// (i, i + headDim/2) as in Hugging Face's Llama.
enum class RopeStyle { Interleaved, Halves };

/// Rotates pair i of each head by the angle s * theta^(-2i/headDim), where
/// s = t mod S is the position; backwards when `inverse`. A rotation's
/// transpose is its inverse, so the gradient is the same call with the other
/// `inverse`.
///
///   y_a = x_a cos - x_b sin,  y_b = x_a sin + x_b cos
///
/// Shapes    x, y: [D,T], T = batch*S, D a multiple of headDim, headDim even.
/// Numerics  angles, sines and cosines in double, products in Real.
/// Aliasing  y may be x.
/// Errors    none. NaN and Inf propagate.
/// Source    Su et al., arXiv:2104.09864.
template <typename Real>
void rope(const Real *x, Real *y, int64_t D, int64_t T, int64_t S,
          int64_t headDim, double theta, RopeStyle style, bool inverse,
          ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_ROPE_H
