//===- Convert.h - Between float widths, in bulk ----------------*- C++ -*-===//
//
// Compilers convert halves one at a time through library calls; these use the
// widest vectors of the machine.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_CONVERT_H
#define ANEC_RUNTIME_SUPPORT_CONVERT_H

#include "runtime/support/Half.h"

#include <cstdint>

namespace anec::rt {

/// `to[i] = from[i]` for i < count. Widening is exact; narrowing rounds once,
/// to nearest even, overflow gives infinity. The ranges do not overlap.
void convert(const half *from, float *to, int64_t count);
void convert(const float *from, half *to, int64_t count);
void convert(const half *from, double *to, int64_t count);
void convert(const double *from, half *to, int64_t count);
void convert(const float *from, double *to, int64_t count);
void convert(const double *from, float *to, int64_t count);
void convert(const half *from, half *to, int64_t count);
void convert(const float *from, float *to, int64_t count);
void convert(const double *from, double *to, int64_t count);

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_CONVERT_H
