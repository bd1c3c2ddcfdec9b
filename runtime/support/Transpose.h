//===- Transpose.h - Rows to columns ----------------------------*- C++ -*-===//
//
// Four rows at a time, so that rows may come from anywhere.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_TRANSPOSE_H
#define ANEC_RUNTIME_SUPPORT_TRANSPOSE_H

#include <array>
#include <cstdint>

namespace anec::rt {

/// `to[i * stride + r] = rows[r][i]` for i < count and r < 4. The result does
/// not overlap the rows; `stride` is at least 4.
void transposeFour(const std::array<const float *, 4> &rows, int64_t count,
                   float *to, int64_t stride);
void transposeFour(const std::array<const double *, 4> &rows, int64_t count,
                   double *to, int64_t stride);

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_TRANSPOSE_H
