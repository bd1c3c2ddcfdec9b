//===- VectorMath.h - Functions of rows -------------------------*- C++ -*-===//
//
// Element-wise functions over contiguous numbers, on the widest vectors of the
// machine where that pays.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_VECTOR_VECTORMATH_H
#define ANEC_RUNTIME_VECTOR_VECTORMATH_H

#include "runtime/support/Half.h"

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace anec::rt {

/// What numbers of type T are computed in: halves are only stored, and every
/// result is rounded to one once.
template <typename T>
using Wide = std::conditional_t<std::is_same_v<T, half>, float, T>;

/// y[i] = f(x[i]); y may be x. What `alpha` and `beta` mean depends on the
/// function; most ignore them.
template <typename T>
using UnaryRow = void (*)(const T *x, T *y, int64_t count, Wide<T> alpha,
                          Wide<T> beta);

/// z[i] = f(x[i], y[i]); z may be x or y. Comparisons give 0 or 1.
template <typename T>
using BinaryRow = void (*)(const T *x, const T *y, T *z, int64_t count);

/// The function of a MIL operator for half, float or double; null when there is
/// none. Accuracy: 4 units in the last place of what is computed in. rsqrt,
/// inverse and log add alpha to x first, shifted_exp subtracts it; gelu's modes
/// are gelu (exact), gelu_tanh and gelu_sigmoid.
template <typename T> UnaryRow<T> findUnaryRow(std::string_view name);
template <typename T> BinaryRow<T> findBinaryRow(std::string_view name);

/// sum[i] += e^(x[i] - shift[i])
template <typename T>
void addExponentials(const T *x, const T *shift, T *sum, int64_t count);
/// y[i] = factor[i] * e^(x[i] - shift[i]); y may be x.
template <typename T>
void scaleExponentials(const T *x, const T *shift, const T *factor, T *y,
                       int64_t count);

/// The sum in 64 interleaved parts: the same bits on every machine.
template <typename T> T sumRow(const T *x, int64_t count);
/// The largest element; NaN when there is one.
template <typename T> T maxRow(const T *x, int64_t count);

/// sum[i] += x[i]
void addHalves(const half *x, float *sum, int64_t count);

/// largest[i] = max(largest[i], |x[i]|), where largest[i] is not negative; NaN
/// when one of them is.
void foldMagnitudes(const half *x, half *largest, int64_t count);

} // namespace anec::rt

#endif // ANEC_RUNTIME_VECTOR_VECTORMATH_H
