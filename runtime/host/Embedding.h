//===- Embedding.h - Rows of a table by token -------------------*- C++ -*-===//
//
// The lookup every language model starts with, and its gradient.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_EMBEDDING_H
#define ANEC_RUNTIME_HOST_EMBEDDING_H

#include <cstdint>

namespace anec::rt {

class ThreadPool;

/// x[d,t] = table[tokens[t],d]
///
/// Shapes    tokens: [T]; table: [V,D] row-major; x: [D,T].
/// Numerics  a copy.
/// Errors    none: token ids have been checked against V.
template <typename Real>
void embedding(const int32_t *tokens, const Real *table, Real *x, int64_t D,
               int64_t T, ThreadPool &pool);

/// dtable[tokens[t],d] += sum over t of dy[d,t]; other rows are left alone.
///
/// Shapes    tokens: [T]; dy: [D,T]; dtable: [V,D].
/// Numerics  sums in Real, in the order of t.
/// Errors    none.
/// Returns   by how much the sum of the squares of dtable grew, in double.
template <typename Real>
double embeddingGrad(const int32_t *tokens, const Real *dy, Real *dtable,
                     int64_t D, int64_t T, ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_EMBEDDING_H
