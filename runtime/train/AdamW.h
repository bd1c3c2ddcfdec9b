//===- AdamW.h - Adam with decoupled weight decay ---------------*- C++ -*-===//
//
// The optimiser and the gradient norm that clips what it gets.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_ADAMW_H
#define ANEC_RUNTIME_TRAIN_ADAMW_H

#include "runtime/support/Span.h"

#include <cstdint>

namespace anec::rt {

class ThreadPool;

/// Constants of one run.
struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weightDecay = 0.1;
};

/// What is the same for all elements of a tensor in one update.
struct AdamWFactors {
  float beta1, beta2, rest1, rest2;
  /// What decay leaves of a parameter.
  float keep;
  /// Learning rate over the first moment's bias correction.
  float stepSize;
  /// One over the root of the second moment's bias correction.
  float rootInverse;
  float epsilon, gradientScale;

  AdamWFactors(const AdamWOptions &options, double rate, int64_t step,
               bool decays, double scale);
};

/// One update of `count` elements on this thread; see below.
void adamWPart(const AdamWFactors &factors, const float *gradient,
               float *parameter, float *m, float *v, int64_t count);

/// One update of one tensor, in the order of operations of PyTorch's AdamW:
///
///   g = scale * gradient
///   p = p * (1 - rate * decay)
///   m = beta1 m + (1 - beta1) g,   v = beta2 v + (1 - beta2) g^2
///   p = p - rate / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
///
/// `step` is t, 1 for the first update. `scale` undoes the loss scale and the
/// accumulation and clips. Decay applies when `decays`.
///
/// Shapes    all spans have the size of the tensor.
/// Numerics  f32; constants in double.
/// Errors    none.
/// Source    Loshchilov and Hutter, arXiv:1711.05101; torch.optim.AdamW.
void adamW(const AdamWOptions &options, double rate, int64_t step, bool decays,
           double scale, Span<const float> gradient, Span<float> parameter,
           Span<float> m, Span<float> v, ThreadPool &pool);

/// The sum of squares of `values`, in double over fixed tiles; NaN or infinity
/// when any value is not finite.
double sumOfSquares(Span<const float> values, ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_ADAMW_H
