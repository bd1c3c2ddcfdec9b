//===- ApplyUpdate.cpp - From gradients to staged weights -----------------===//
//
// Tensor by tensor.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/ApplyUpdate.h"

#include "runtime/support/Stopwatch.h"

#include <algorithm>
#include <cmath>

namespace anec::rt {

static double stagingSeconds(const Executor<float> &executor) {
  const std::map<std::string, double> &seconds = executor.counters().seconds;
  auto found = seconds.find("stage");
  return found == seconds.end() ? 0 : found->second;
}

static AppliedUpdate apply(Executor<float> &executor, Optimizer &optimizer,
                           const UpdateRule &rule) {
  AppliedUpdate update;
  update.norm = optimizer.gradientNorm() * rule.gradientScale;
  update.skipped = !std::isfinite(update.norm);
  if (update.skipped)
    return update;
  const double clipped =
      rule.clip > 0 ? std::min(1.0, rule.clip / (update.norm + 1e-6)) : 1.0;
  // A device that fails half-way must not leave half an update.
  auto stage = [&](size_t parameter, int64_t index) -> std::optional<Error> {
    if (!update.stagingError)
      update.stagingError = executor.stage(parameter, index);
    return std::nullopt;
  };
  optimizer.step(rule.rate, rule.gradientScale * clipped, stage);
  if (!update.stagingError)
    update.stagingError = executor.finishStaging();
  return update;
}

AppliedUpdate applyUpdate(Executor<float> &executor, Optimizer &optimizer,
                          const UpdateRule &rule, double &seconds) {
  const double staged = stagingSeconds(executor);
  double all = 0;
  AppliedUpdate update = [&] {
    Stopwatch watch(all);
    return apply(executor, optimizer, rule);
  }();
  seconds += all - (stagingSeconds(executor) - staged);
  return update;
}

} // namespace anec::rt
