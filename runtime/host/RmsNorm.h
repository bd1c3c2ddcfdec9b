//===- RmsNorm.h - Root mean square normalisation ---------------*- C++ -*-===//
//
// RMSNorm over features, and the gradients of its input and its gain.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_RMSNORM_H
#define ANEC_RUNTIME_HOST_RMSNORM_H

#include <cstdint>

namespace anec::rt {

class ThreadPool;

/// RMS normalisation over features; each column (token) is independent.
///
///   y[d,t] = gain[d] * x[d,t] / rms[t],  rms[t] = sqrt(mean_d x[d,t]^2 + eps)
///
/// Shapes    x, y: [D,T], T contiguous; gain: [D].
/// Numerics  Real in and out; sums in double.
/// Aliasing  y may be x.
/// Errors    none. NaN and Inf propagate.
/// Source    Zhang and Sennrich, arXiv:1910.07467.
template <typename Real>
void rmsNorm(const Real *x, const Real *gain, Real *y, int64_t D, int64_t T,
             double eps, ThreadPool &pool);

/// The gradient of rmsNorm in x. With g[d,t] = gain[d] * dy[d,t]:
///
///   dx[d,t] = g[d,t] / rms[t] - x[d,t] * mean_d(g[d,t] x[d,t]) / rms[t]^3
///
/// Shapes    x, dy, dx: [D,T]; gain: [D].
/// Numerics  as rmsNorm.
/// Aliasing  dx may be dy.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void rmsNormGrad(const Real *x, const Real *gain, const Real *dy, Real *dx,
                 int64_t D, int64_t T, double eps, ThreadPool &pool);

/// dgain[d] = sum_t dy[d,t] * x[d,t] / rms[t], added to dgain when
/// `accumulate`.
///
/// Shapes    x, dy: [D,T]; dgain: [D].
/// Numerics  sums in double, in the order of t.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void rmsNormGainGrad(const Real *x, const Real *dy, Real *dgain, int64_t D,
                     int64_t T, double eps, bool accumulate, ThreadPool &pool);

/// The gradient of the gain from that of a weight that multiplies the norm,
/// y = weight * rmsNorm(x), where dweight was summed with a gain of 1 in place
/// of 0, f[i] = gain[i] or 1:
///
///   dgain[i] = sum_o dweight[o,i] * weight[o,i] / f[i], added when
///   `accumulate` dweight[o,i] = 0 where gain[i] = 0
///
/// Shapes    weight, dweight: [O,I]; gain, dgain: [I]; dots: [I], the sums
///           over o of dweight * weight when they are known.
/// Numerics  sums in double, in an order that shapes decide.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void deriveGainGrad(const Real *weight, const Real *gain, Real *dweight,
                    Real *dgain, int64_t O, int64_t I, bool accumulate,
                    ThreadPool &pool, const double *dots = nullptr);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_RMSNORM_H
