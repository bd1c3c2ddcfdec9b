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

static Result<AppliedUpdate>
apply(Executor<float> &executor, Optimizer &optimizer, const UpdateRule &rule) {
  AppliedUpdate update;
  update.norm = optimizer.gradientNorm() * rule.gradientScale;
  update.skipped = !std::isfinite(update.norm);
  if (update.skipped)
    return update;
  const double clipped =
      rule.clip > 0 ? std::min(1.0, rule.clip / (update.norm + 1e-6)) : 1.0;
  ANEC_TRY(optimizer.step(rule.rate, rule.gradientScale * clipped,
                          [&](size_t parameter, int64_t index) {
                            return executor.stage(parameter, index);
                          }));
  ANEC_TRY(executor.finishStaging());
  return update;
}

Result<AppliedUpdate> applyUpdate(Executor<float> &executor,
                                  Optimizer &optimizer, const UpdateRule &rule,
                                  double &seconds) {
  const double staged = stagingSeconds(executor);
  double all = 0;
  Result<AppliedUpdate> update = [&] {
    Stopwatch watch(all);
    return apply(executor, optimizer, rule);
  }();
  seconds += all - (stagingSeconds(executor) - staged);
  return update;
}

} // namespace anec::rt
