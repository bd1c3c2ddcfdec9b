//===- Schedule.cpp - The learning rate by update -------------------------===//
//
// The formula of the header.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Schedule.h"

#include <cmath>

namespace anec::rt {

double Schedule::rate(int64_t update) const {
  if (update < warmup)
    return peak * double(update + 1) / double(warmup);
  double low = peak * floor;
  if (update >= steps)
    return low;
  double progress = double(update - warmup) / double(steps - warmup);
  return low + (peak - low) / 2 * (1 + std::cos(M_PI * progress));
}

} // namespace anec::rt
