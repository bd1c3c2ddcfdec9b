//===- Softmax.h - Softmax of a line ----------------------------*- C++ -*-===//
//
// Shared by softmax and attention.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_SOFTMAX_H
#define ANEC_RUNTIME_DEVICE_CPU_SOFTMAX_H

#include <cstdint>

namespace anec::rt::cpu {

/// y[i] = exp(x[i] - max x) / sum. y may be x. A line of -inf gives NaN.
template <typename T> void softmaxRow(const T *x, T *y, int64_t count);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_SOFTMAX_H
