//===- LossScale.cpp - Keeping fp16 gradients in range --------------------===//
//
// The state machine of the header.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/LossScale.h"

#include <algorithm>

namespace anec::rt {

void LossScale::update(bool finite) {
  if (!finite) {
    quiet = 0;
    ++skipped;
    if (!stays)
      scale /= 2;
    return;
  }
  skipped = 0;
  if (++quiet < quietUpdates || stays)
    return;
  quiet = 0;
  scale = std::min(scale * 2, maximum);
}

void LossScale::restore(const State &state) {
  scale = state.scale;
  quiet = state.quiet;
  skipped = state.skipped;
}

} // namespace anec::rt
