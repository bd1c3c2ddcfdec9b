//===- Embedding.cpp - Rows of a table by token ---------------------------===//
//
// Both directions are a transposition; they are tiled over features, so that
// each table element belongs to one tile and is summed in token order.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Embedding.h"

#include "runtime/host/Tiles.h"
#include "runtime/support/ThreadPool.h"

#include <numeric>
#include <vector>

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
double embeddingGrad(const int32_t *tokens, const Real *dy, Real *dtable,
                     int64_t D, int64_t T, ThreadPool &pool) {
  std::vector<double> growths(size_t((D + featureTile - 1) / featureTile));
  pool.parallelTiles(D, featureTile, [&](int64_t begin, int64_t end) {
    double growth = 0;
    for (int64_t t = 0; t < T; ++t) {
      Real *row = dtable + int64_t(tokens[t]) * D;
      for (int64_t d = begin; d < end; ++d) {
        const double before = double(row[d]);
        row[d] += dy[d * T + t];
        growth += double(row[d]) * double(row[d]) - before * before;
      }
    }
    growths[size_t(begin / featureTile)] = growth;
  });
  return std::accumulate(growths.begin(), growths.end(), 0.0);
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void embedding(const int32_t *, const Real *, Real *, int64_t,      \
                          int64_t, ThreadPool &);                              \
  template double embeddingGrad(const int32_t *, const Real *, Real *,         \
                                int64_t, int64_t, ThreadPool &);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt
