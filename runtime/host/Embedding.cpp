//===- Embedding.cpp - Rows of a table by token ---------------------------===//
//
// Both directions are a transposition; they are tiled over features, so that
// each table element belongs to one tile and is summed in token order.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Embedding.h"

#include "runtime/host/Tiles.h"
#include "runtime/support/ThreadPool.h"

namespace anec::rt {

template <typename Real>
void embedding(const int32_t *tokens, const Real *table, Real *x, int64_t D,
               int64_t T, ThreadPool &pool) {
  pool.parallelTiles(D, featureTile, [&](int64_t begin, int64_t end) {
    for (int64_t t = 0; t < T; ++t) {
      const Real *row = table + int64_t(tokens[t]) * D;
      for (int64_t d = begin; d < end; ++d)
        x[d * T + t] = row[d];
    }
  });
}

template <typename Real>
void embeddingGrad(const int32_t *tokens, const Real *dy, Real *dtable,
                   int64_t D, int64_t T, ThreadPool &pool) {
  pool.parallelTiles(D, featureTile, [&](int64_t begin, int64_t end) {
    for (int64_t t = 0; t < T; ++t) {
      Real *row = dtable + int64_t(tokens[t]) * D;
      for (int64_t d = begin; d < end; ++d)
        row[d] += dy[d * T + t];
    }
  });
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void embedding(const int32_t *, const Real *, Real *, int64_t,      \
                          int64_t, ThreadPool &);                              \
  template void embeddingGrad(const int32_t *, const Real *, Real *, int64_t,  \
                              int64_t, ThreadPool &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt
