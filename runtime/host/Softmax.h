//===- Softmax.h - Softmax over features ------------------------*- C++ -*-===//
//
// Softmax along the last logical dimension, and its gradient.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_SOFTMAX_H
#define ANEC_RUNTIME_HOST_SOFTMAX_H

#include <cstdint>

namespace anec::rt {

class ThreadPool;

/// y[d,t] = exp(x[d,t] - max_d x[d,t]) / sum_d exp(x[d,t] - max_d x[d,t])
///
/// Shapes    x, y: [D,T].
/// Numerics  exponentials in Real, sums in double.
/// Aliasing  y may be x.
/// Errors    none. A column of only -inf gives NaN.
template <typename Real>
void softmax(const Real *x, Real *y, int64_t D, int64_t T, ThreadPool &pool);

/// dx[d,t] = y[d,t] * (dy[d,t] - sum_d y[d,t] dy[d,t]), with y = softmax(x).
///
/// Shapes    y, dy, dx: [D,T].
/// Numerics  sums in double.
/// Aliasing  dx may be dy.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void softmaxGrad(const Real *y, const Real *dy, Real *dx, int64_t D, int64_t T,
                 ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_SOFTMAX_H
