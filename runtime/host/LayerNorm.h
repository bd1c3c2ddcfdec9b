//===- LayerNorm.h - Layer normalisation ------------------------*- C++ -*-===//
//
// Over features; each column (token) is independent. Gradients are those of
// RmsNorm.h between two of `center`.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_LAYERNORM_H
#define ANEC_RUNTIME_HOST_LAYERNORM_H

#include <cstdint>

namespace anec::rt {

class ThreadPool;

/// y[d,t] = x[d,t] - mean_d x[d,t]
///
/// Shapes    x, y: [D,T], T contiguous.
/// Numerics  sums in double.
/// Aliasing  y may be x.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void center(const Real *x, Real *y, int64_t D, int64_t T, ThreadPool &pool);

/// y[d,t] = gain[d] * c[d,t] / sqrt(mean_d c[d,t]^2 + eps), c = center(x)
///
/// Shapes    x, y: [D,T]; gain: [D].
/// Numerics  sums in double.
/// Aliasing  y may be x.
/// Errors    none. NaN and Inf propagate.
/// Source    Ba, Kiros and Hinton, arXiv:1607.06450.
template <typename Real>
void layerNorm(const Real *x, const Real *gain, Real *y, int64_t D, int64_t T,
               double eps, ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_LAYERNORM_H
