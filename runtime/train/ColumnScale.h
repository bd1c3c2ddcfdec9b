//===- ColumnScale.h - Parameters times a vector on their way ---*- C++ -*-===//
//
// What is staged of a weight that holds the gain of a norm is W diag(g). The
// multiplication happens between the master and the device, so that no device
// knows of it; after an update in the same pass as everything else.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_COLUMNSCALE_H
#define ANEC_RUNTIME_TRAIN_COLUMNSCALE_H

#include "runtime/device/Device.h"

namespace anec::rt {

class ThreadPool;

/// scaled[r,c] = matrix[r,c] * scale[c]
///
/// Shapes    matrix, scaled: [rows, scale.size()], row-major.
/// Numerics  one product in Real, rounded once.
/// Aliasing  scaled may be matrix.
template <typename Real>
void scaleColumns(const Real *matrix, Span<const Real> scale, Real *scaled,
                  int64_t rows);
/// The same, on all threads of `pool`.
template <typename Real>
void scaleColumns(const Real *matrix, Span<const Real> scale, Real *scaled,
                  int64_t rows, ThreadPool &pool);

/// Hands on rows with their columns scaled, to everybody who wants them so.
class ScaledRows : public RowStaging {
public:
  /// `scale` is read whenever rows come: it must have its new values then.
  explicit ScaledRows(Span<const float> scale) : scale(scale) {}

  Span<const float> factors() const { return scale; }
  void add(std::unique_ptr<RowStaging> receiver) {
    receivers.push_back(std::move(receiver));
  }

  int64_t rowAlignment() const override;
  void put(int64_t first, int64_t count, const float *values) override;

private:
  Span<const float> scale;
  std::vector<std::unique_ptr<RowStaging>> receivers;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_COLUMNSCALE_H
