//===- LogitSums.h - Sums of exponentials of logits -------------*- C++ -*-===//
//
// What the loss of [vocabulary, tokens] logits and its gradient need of them:
// for each token the largest logit and the sum of exponentials below it, in one
// pass over memory, a block of rows after the other.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_LOGITSUMS_H
#define ANEC_RUNTIME_HOST_LOGITSUMS_H

#include "runtime/support/ThreadPool.h"
#include "runtime/vector/VectorMath.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace anec::rt {

/// Of logits [V, T]. NaN in a column makes both numbers of it NaN.
template <typename Real> class LogitSums {
public:
  LogitSums(const Real *logits, int64_t V, int64_t T, ThreadPool &pool)
      : maximum(size_t(T)), sum(size_t(T)) {
    const int64_t blocks = (V + blockRows - 1) / blockRows;
    // Of each block by itself.
    std::vector<Real> largest(size_t(blocks * T), lowest);
    std::vector<double> sums(size_t(blocks * T));
    pool.parallelTiles(V, blockRows, [&](int64_t begin, int64_t end) {
      const int64_t place = begin / blockRows * T;
      addBlock(logits + begin * T, end - begin, T, largest.data() + place,
               sums.data() + place);
    });
    join(largest, sums, blocks, T);
  }

  /// dlogits = factor[t] * e^(logits[v, t] - maximum[t]); dlogits may be
  /// logits.
  void scaledExponentials(const Real *logits, const std::vector<Real> &factor,
                          Real *dlogits, int64_t V, int64_t T,
                          ThreadPool &pool) const {
    pool.parallelTiles(V, blockRows, [&](int64_t begin, int64_t end) {
      for (int64_t v = begin; v < end; ++v)
        scaleExponentials(logits + v * T, maximum.data(), factor.data(),
                          dlogits + v * T, T);
    });
  }

  /// By token.
  std::vector<Real> maximum;
  std::vector<double> sum;

private:
  /// Read twice while it is in the second cache.
  static constexpr int64_t blockRows = 128;
  /// Rows that are summed in Real before they are added in double.
  static constexpr int64_t partRows = 32;
  /// Not infinite: a difference to it is a number.
  static constexpr Real lowest = std::numeric_limits<Real>::lowest();

  static void addBlock(const Real *x, int64_t rows, int64_t T, Real *largest,
                       double *sums) {
    static const BinaryRow<Real> larger = findBinaryRow<Real>("maximum");
    for (int64_t r = 0; r < rows; ++r)
      larger(largest, x + r * T, largest, T);
    std::vector<Real> part(static_cast<size_t>(T));
    for (int64_t first = 0; first < rows; first += partRows) {
      std::fill(part.begin(), part.end(), Real(0));
      for (int64_t r = first; r < std::min(rows, first + partRows); ++r)
        addExponentials(x + r * T, largest, part.data(), T);
      for (int64_t t = 0; t < T; ++t)
        sums[t] += double(part[size_t(t)]);
    }
  }

  /// sum = sum over blocks b of sums[b] * e^(largest[b] - maximum)
  void join(const std::vector<Real> &largest, const std::vector<double> &sums,
            int64_t blocks, int64_t T) {
    static const BinaryRow<Real> larger = findBinaryRow<Real>("maximum");
    std::fill(maximum.begin(), maximum.end(), lowest);
    for (int64_t b = 0; b < blocks; ++b)
      larger(maximum.data(), largest.data() + b * T, maximum.data(), T);
    std::vector<Real> power(static_cast<size_t>(T));
    for (int64_t b = 0; b < blocks; ++b) {
      std::fill(power.begin(), power.end(), Real(0));
      addExponentials(largest.data() + b * T, maximum.data(), power.data(), T);
      for (int64_t t = 0; t < T; ++t)
        sum[size_t(t)] += sums[size_t(b * T + t)] * double(power[size_t(t)]);
    }
  }
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_LOGITSUMS_H
