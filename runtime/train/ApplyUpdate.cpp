//===- ApplyUpdate.cpp - From gradients to staged weights -----------------===//
//
// One pass over all parameters.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/ApplyUpdate.h"

#include "runtime/support/Stopwatch.h"
#include "runtime/train/DeviceAdamW.h"

#include <algorithm>
#include <cmath>

namespace anec::rt {

static double stagingSeconds(const Executor<float> &executor) {
  const std::map<std::string, double> &seconds = executor.counters().seconds;
  auto found = seconds.find("stage");
  return found == seconds.end() ? 0 : found->second;
}

namespace {

/// Stages what the optimiser changes.
class StagingListener : public Optimizer::Listener {
public:
  StagingListener(Executor<float> &executor, AppliedUpdate &update)
      : executor(executor), update(update) {}

  Optimizer::Receivers receivers(size_t parameter, int64_t index) override {
    Optimizer::Receivers result;
    result.rows = executor.stageRows(parameter, index, &result.complete);
    return result;
  }
  /// A device that fails half-way must not leave half an update.
  void changed(size_t parameter, int64_t index) override {
    if (!update.stagingError)
      update.stagingError = executor.stageRest(parameter, index);
  }

private:
  Executor<float> &executor;
  AppliedUpdate &update;
};

} // namespace

double gradientNorm(Executor<float> &executor, const Optimizer &optimizer) {
  const double host = optimizer.gradientNorm();
  return std::sqrt(host * host + executor.squaresOnDevice());
}

static AppliedUpdate apply(Executor<float> &executor, Optimizer &optimizer,
                           const UpdateRule &rule) {
  AppliedUpdate update;
  update.norm = gradientNorm(executor, optimizer) * rule.gradientScale;
  update.skipped = !std::isfinite(update.norm);
  if (update.skipped)
    return update;
  const double clipped =
      rule.clip > 0 ? std::min(1.0, rule.clip / (update.norm + 1e-6)) : 1.0;
  const double scale = rule.gradientScale * clipped;
  if (!executor.plan().deviceParameters.empty()) {
    update.updateError = executor.updateOnDevice(
        updateFactorsOf(optimizer.constants(), rule.rate, optimizer.steps() + 1,
                        scale, momentUnit(rule.clip)));
    if (update.updateError)
      return update;
  }
  StagingListener listener(executor, update);
  optimizer.step(rule.rate, scale, listener);
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
