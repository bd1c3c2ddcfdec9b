//===- SoftmaxRow.h - Softmax of a row of halves ----------------*- C++ -*-===//
//
// The probabilities of attention: half of a causal row is masked.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_VECTOR_SOFTMAXROW_H
#define ANEC_RUNTIME_VECTOR_SOFTMAXROW_H

#include "runtime/support/Half.h"

#include <cstdint>

namespace anec::rt {

/// y[i] = exp(x[i] - max x) / sum
///
/// Shapes    x, y: [count]; scratch: [count], up to the next multiple of 64.
/// Numerics  float, each result rounded to half once; exp within 2 units in
///           the last place, 0 below -87.33. The same bits on all machines with
///           fused multiply-add.
/// Aliasing  y may be x.
/// Errors    none. NaN propagates; a row of -inf gives NaN.
void softmaxRow(const half *x, half *y, float *scratch, int64_t count);

} // namespace anec::rt

#endif // ANEC_RUNTIME_VECTOR_SOFTMAXROW_H
