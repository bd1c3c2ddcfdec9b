//===- DoubleRows.h - Rows that are summed in double ------------*- C++ -*-===//
//
// What norms do with rows of float or double: sums, and factors made from sums,
// are double; a result is rounded once. On the widest vectors of the machine,
// with the same bits on all of them: nothing is contracted or reordered.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_VECTOR_DOUBLEROWS_H
#define ANEC_RUNTIME_VECTOR_DOUBLEROWS_H

#include <cstdint>

namespace anec::rt {

/// sum[i] += (factor * x[i]) * y[i]
template <typename T>
void addProducts(double factor, const T *x, const T *y, double *sum,
                 int64_t count);

/// y[i] = factor * (x[i] * scale[i]); y may be x.
template <typename T>
void scaleRow(double factor, const T *x, const double *scale, T *y,
              int64_t count);

/// z[i] = (factor * x[i]) * scale[i] - y[i] * share[i]; z may be x or y.
template <typename T>
void scaleAndSubtract(double factor, const T *x, const double *scale,
                      const T *y, const double *share, T *z, int64_t count);

} // namespace anec::rt

#endif // ANEC_RUNTIME_VECTOR_DOUBLEROWS_H
