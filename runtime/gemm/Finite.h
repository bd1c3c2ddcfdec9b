//===- Finite.h - Matrices without inf and NaN ------------------*- C++ -*-===//
//
// Terms that are 0 on one side may be left out where the other side is finite.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_FINITE_H
#define ANEC_RUNTIME_GEMM_FINITE_H

#include "runtime/gemm/Gemm.h"

namespace anec::rt::gemm_detail {

/// Whether all of `rows` x `columns` elements are numbers.
bool isFinite(const ConstMatrix &matrix, int64_t rows, int64_t columns);

} // namespace anec::rt::gemm_detail

#endif // ANEC_RUNTIME_GEMM_FINITE_H
