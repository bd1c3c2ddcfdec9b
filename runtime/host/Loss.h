//===- Loss.h - Cross entropy and mean squared error ------------*- C++ -*-===//
//
// The two losses a model may end in, and their gradients. The cotangent of the
// loss comes in as a scalar, because the trainer scales it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_LOSS_H
#define ANEC_RUNTIME_HOST_LOSS_H

#include <cstdint>

namespace anec::rt {

class ThreadPool;

/// mean_t (logsumexp_v logits[v,t] - logits[targets[t],t])
///
/// Shapes    logits: [V,T]; targets: [T], each in 0..V-1.
/// Numerics  exponentials in Real, sums of 32 rows in Real and of all in
///           double, tokens in order. Reads the logits once.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
double crossEntropy(const Real *logits, const int32_t *targets, int64_t V,
                    int64_t T, ThreadPool &pool);

/// dlogits[v,t] = dloss / T * (softmax(logits)[v,t] - (v == targets[t]))
///
/// Shapes    logits, dlogits: [V,T]; targets: [T].
/// Numerics  as crossEntropy.
/// Aliasing  dlogits may be logits.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void crossEntropyGrad(const Real *logits, const int32_t *targets, double dloss,
                      Real *dlogits, int64_t V, int64_t T, ThreadPool &pool);

/// Both, returning the loss: the logits are read twice in all, and with
/// dlogits = logits [V,T] is stored once. The same bits.
template <typename Real>
double crossEntropyWithGrad(const Real *logits, const int32_t *targets,
                            double dloss, Real *dlogits, int64_t V, int64_t T,
                            ThreadPool &pool);

/// mean_t -log p[targets[t],t], for probabilities that were kept in fp16: one
/// that rounded to 0 counts as 2^-24, the smallest there is.
///
/// Shapes    p: [V,T]; targets: [T], each in 0..V-1.
/// Numerics  sums in double, tokens in order.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
double logLoss(const Real *p, const int32_t *targets, int64_t T);

/// dlogits[v,t] = dloss / T * (p[v,t] - (v == targets[t]))
///
/// Shapes    p, dlogits: [V,T]; targets: [T].
/// Aliasing  dlogits may be p.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
void logLossLogitsGrad(const Real *p, const int32_t *targets, double dloss,
                       Real *dlogits, int64_t V, int64_t T, ThreadPool &pool);

/// y[v,t] = dloss / T * (v == targets[t])
///
/// Shapes    targets: [T], each in 0..V-1; y: [V,T].
/// Errors    none.
template <typename Real>
void targetWeights(const int32_t *targets, double dloss, Real *y, int64_t V,
                   int64_t T, ThreadPool &pool);

/// y = log p, and -65504, the lowest fp16 number, where p is 0.
///
/// Shapes    p, y: N elements.
/// Aliasing  y may be p.
/// Errors    none. NaN propagates.
template <typename Real>
void logProbability(const Real *p, Real *y, int64_t N, ThreadPool &pool);

/// mean_t (top[t] - log peak[t] - sum_d x[d,t] weight[targets[t],d]): the
/// cross entropy of logits weight * x, of which `top` is the largest and `peak`
/// its probability. One that rounded to 0 counts as 2^-24.
///
/// Shapes    x: [D,T]; weight: [V,D]; targets, top, peak: [T].
/// Numerics  sums in double, tokens in order.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
double peakLogLoss(const Real *x, const Real *weight, const int32_t *targets,
                   const Real *top, const Real *peak, int64_t D, int64_t T);

/// mean over all elements of (x - t)^2. Sums in double over fixed tiles.
///
/// Shapes    x, t: N elements.
/// Errors    none. NaN and Inf propagate.
template <typename Real>
double meanSquaredError(const Real *x, const Real *t, int64_t N,
                        ThreadPool &pool);

/// dx = 2 * dloss / N * (x - t). dx may be x.
template <typename Real>
void meanSquaredErrorGrad(const Real *x, const Real *t, double dloss, Real *dx,
                          int64_t N, ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_LOSS_H
