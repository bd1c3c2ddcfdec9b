//===- LossScale.h - Keeping fp16 gradients in range ------------*- C++ -*-===//
//
// The loss is multiplied by a power of two before the backward pass and the
// gradients divided by it after, so that small ones survive fp16.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_LOSSSCALE_H
#define ANEC_RUNTIME_TRAIN_LOSSSCALE_H

#include <cstdint>

namespace anec::rt {

/// A dynamic scale halves on each update with a non-finite gradient, which is
/// skipped, and doubles after `quietUpdates` good ones in a row. A fixed scale
/// stays; bad updates are skipped all the same.
class LossScale {
public:
  static constexpr double initial = 1024;
  static constexpr double maximum = 16777216; // 2^24
  /// Magnitudes from here on count as overflow: above, fp16 has no bits to
  /// spare and the device saturates (some report 32,768 already).
  static constexpr double overflow = 32752;
  static constexpr int64_t quietUpdates = 200;
  /// So many skipped updates in a row mean divergence: they have lowered a
  /// dynamic scale by 2^16.
  static constexpr int64_t maximumSkipped = 16;

  static LossScale dynamic() { return LossScale(initial, false); }
  static LossScale fixed(double scale) { return LossScale(scale, true); }

  double value() const { return scale; }
  bool isFixed() const { return stays; }
  /// Takes note of one update; `finite` says whether it was applied.
  void update(bool finite);
  /// Whether the last `maximumSkipped` updates were all skipped.
  bool diverged() const { return skipped >= maximumSkipped; }

  /// What a checkpoint keeps.
  struct State {
    double scale = 1;
    int64_t quiet = 0, skipped = 0;
  };
  State state() const { return {scale, quiet, skipped}; }
  void restore(const State &state);

private:
  LossScale(double scale, bool fixed) : scale(scale), stays(fixed) {}

  double scale;
  bool stays;
  /// Good and bad updates in a row.
  int64_t quiet = 0, skipped = 0;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_LOSSSCALE_H
