//===- Elementwise.h - One element at a time --------------------*- C++ -*-===//
//
// Arithmetic and activation functions on the host.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_ELEMENTWISE_H
#define ANEC_RUNTIME_HOST_ELEMENTWISE_H

#include <cstdint>

namespace anec::rt {

class ThreadPool;

enum class BinaryOp { Add, Sub, Mul, ReluGrad };
enum class UnaryOp { Scale, Silu, Sigmoid, Tanh, Relu, Gelu, Exp };

/// z[i] = x[i] op y[i]; ReluGrad: z[i] = x[i] > 0 ? y[i] : 0.
///
/// Shapes    x, y, z: N elements.
/// Numerics  Real.
/// Aliasing  z may be x or y.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void binary(BinaryOp op, const Real *x, const Real *y, Real *z, int64_t N,
            ThreadPool &pool);

/// z[d,t] = x[d,t] op y[d]: a vector over features, the same for each token.
///
/// Shapes    x, z: [D,T]; y: [D].
template <typename Real>
void binaryBroadcast(BinaryOp op, const Real *x, const Real *y, Real *z,
                     int64_t D, int64_t T, ThreadPool &pool);

/// y[i] = f(x[i]); Scale multiplies by `factor`, the others ignore it.
///
///   silu(x) = x sigmoid(x),  sigmoid(x) = 1 / (1 + exp(-x))
///   gelu(x) = x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
///
/// Shapes    x, y: N elements.
/// Numerics  Real; sigmoid does not overflow for any x.
/// Aliasing  y may be x.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void unary(UnaryOp op, const Real *x, double factor, Real *y, int64_t N,
           ThreadPool &pool);

/// y[d] = sum_t x[d,t], added to y when `accumulate`.
///
/// Shapes    x: [D,T]; y: [D].
/// Numerics  sums in double, in the order of t.
template <typename Real>
void sumTokens(const Real *x, Real *y, int64_t D, int64_t T, bool accumulate,
               ThreadPool &pool);

/// The largest |x|, infinity when an element is NaN.
///
/// Shapes    x: [count], count > 0.
/// Numerics  exact.
template <typename Real> Real maxMagnitude(const Real *x, int64_t count);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_ELEMENTWISE_H
