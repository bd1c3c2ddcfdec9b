//===- Schedule.h - The learning rate by update -----------------*- C++ -*-===//
//
// Linear warm-up, then a cosine down to a fraction of the peak.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_SCHEDULE_H
#define ANEC_RUNTIME_TRAIN_SCHEDULE_H

#include <cstdint>

namespace anec::rt {

/// For update u = 0 .. steps-1 (skipped updates count):
///
///   u < warmup:  peak * (u + 1) / warmup
///   otherwise:   low + (peak - low) / 2 * (1 + cos(pi * p)),
///                p = (u - warmup) / (steps - warmup),  low = peak * floor
///
/// So the first update already learns, update `warmup` has the peak, and the
/// value after the last update would be `low`.
struct Schedule {
  double peak = 3e-4;
  double floor = 0.1;
  int64_t warmup = 0;
  int64_t steps = 1;

  double rate(int64_t update) const;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_SCHEDULE_H
