//===- ColumnScale.cpp - Parameters times a vector on their way -----------===//

#include "runtime/train/ColumnScale.h"

#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/vector/VectorMath.h"

#include <algorithm>
#include <numeric>

namespace anec::rt {

template <typename Real>
void scaleColumns(const Real *matrix, Span<const Real> scale, Real *scaled,
                  int64_t rows) {
  static const BinaryRow<Real> multiply = findBinaryRow<Real>("mul");
  const auto columns = int64_t(scale.size());
  for (int64_t row = 0; row < rows; ++row)
    multiply(matrix + row * columns, scale.data(), scaled + row * columns,
             columns);
}

/// Elements that one thread takes at a time.
constexpr int64_t tileElements = 1 << 15;

template <typename Real>
void scaleColumns(const Real *matrix, Span<const Real> scale, Real *scaled,
                  int64_t rows, ThreadPool &pool) {
  const auto columns = int64_t(scale.size());
  pool.parallelTiles(rows, std::max<int64_t>(1, tileElements / columns),
                     [&](int64_t begin, int64_t end) {
                       scaleColumns(matrix + begin * columns, scale,
                                    scaled + begin * columns, end - begin);
                     });
}

int64_t ScaledRows::rowAlignment() const {
  int64_t alignment = 1;
  for (const std::unique_ptr<RowStaging> &receiver : receivers)
    alignment = std::lcm(alignment, receiver->rowAlignment());
  return alignment;
}

void ScaledRows::put(int64_t first, int64_t count, const float *values) {
  // Stays in a cache from one piece to the next.
  static thread_local AlignedBuffer<float> scaled;
  scaled.reserve(count * int64_t(scale.size()));
  scaleColumns(values, scale, scaled.data(), count);
  for (const std::unique_ptr<RowStaging> &receiver : receivers)
    receiver->put(first, count, scaled.data());
}

template void scaleColumns(const float *, Span<const float>, float *, int64_t);
template void scaleColumns(const double *, Span<const double>, double *,
                           int64_t);
template void scaleColumns(const float *, Span<const float>, float *, int64_t,
                           ThreadPool &);
template void scaleColumns(const double *, Span<const double>, double *,
                           int64_t, ThreadPool &);

} // namespace anec::rt
