//===- ZeroTerms.h - Terms of products that need no sum ---------*- C++ -*-===//
//
// Terms that are 0 on one side may be left out where the other side is finite.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_ZEROTERMS_H
#define ANEC_RUNTIME_GEMM_ZEROTERMS_H

#include "runtime/gemm/Gemm.h"

namespace anec::rt::gemm_detail {

/// Some terms of a block, counted in elements from its first.
struct Terms {
  int64_t begin = 0, end = 0;

  int64_t count() const { return end - begin; }
};

/// The terms without those at either end that are 0 in each of `width` vectors
/// of length `depth`, element (i, p) at i * rowStride + p * columnStride. A few
/// more where vectors of the CPU are longer than the zeros; all where elements
/// lie side by side in neither direction. Looks at the ends alone.
Terms usedTerms(const ConstMatrix &from, int64_t width, int64_t depth);

/// Whether all of `rows` x `columns` elements are numbers.
bool isFinite(const ConstMatrix &matrix, int64_t rows, int64_t columns);

} // namespace anec::rt::gemm_detail

#endif // ANEC_RUNTIME_GEMM_ZEROTERMS_H
