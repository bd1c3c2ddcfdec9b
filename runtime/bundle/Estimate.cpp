//===- Estimate.cpp - How long a micro-step would take --------------------===//
//
// One clock for the device thread, one for the work beside it: what the
// executor does with a device that leaves the CPU idle.
//
//===----------------------------------------------------------------------===//

#include "runtime/bundle/Estimate.h"

#include "runtime/bundle/KernelCosts.h"

#include <algorithm>
#include <map>

namespace anec::rt {
namespace {

using target::HostWork;

constexpr double surfaceElementBytes = 2, hostElementBytes = 4;

/// What a host op does besides products.
struct OpWork {
  HostWork work = HostWork::Copy;
  /// Elements counted: of the first operand and of how many passes; Copy counts
  /// the bytes of all operands and results instead.
  double share = 1;
};

OpWork workOf(const std::string &op) {
  static const std::map<std::string, OpWork> table = {
      {"rms_norm", {HostWork::Norm}},
      {"layer_norm", {HostWork::Norm}},
      {"softmax", {HostWork::Norm}},
      // The timed backward made both gradients at once.
      {"rms_norm_grad", {HostWork::NormBackward, 0.5}},
      {"rms_norm_gain_grad", {HostWork::NormBackward, 0.5}},
      {"layer_norm_grad", {HostWork::NormBackward, 0.5}},
      {"softmax_grad", {HostWork::NormBackward}},
      // The timed loss made value and gradient at once.
      {"cross_entropy", {HostWork::Loss, 0.5}},
      {"cross_entropy_grad", {HostWork::Loss, 0.5}},
      // The timed backward of a gate was an exponential, a reciprocal and ten
      // passes more; these are the first two and a few.
      {"silu", {HostWork::GateBackward, 0.4}},
      {"gelu", {HostWork::GateBackward, 0.4}},
      {"sigmoid", {HostWork::GateBackward, 0.4}},
      {"tanh", {HostWork::GateBackward, 0.4}},
      {"exp", {HostWork::GateBackward, 0.4}},
      {"rope", {HostWork::GateBackward, 0.4}},
  };
  auto found = table.find(op);
  return found == table.end() ? OpWork{} : found->second;
}

class Clock {
public:
  Clock(const Plan &plan, const std::vector<target::ProgramWork> &work,
        const target::Chip &chip)
      : plan(plan), chip(chip) {
    estimate.chip = chip.name;
    for (const target::ProgramWork &each : work)
      dispatchMs.push_back(target::dispatchMs(each, chip));
  }

  void run(const std::vector<Step> &steps) {
    for (const Step &step : steps)
      if (step.kind == Step::Kind::For)
        for (int64_t n = 0; n < step.count; ++n)
          run(step.body);
      else
        run(step);
  }

  /// The mean of so many micro-steps.
  Estimate finish(int64_t microSteps) {
    estimate.total = std::max(now, backgroundFree);
    for (double *ms : {&estimate.total, &estimate.device, &estimate.host,
                       &estimate.background})
      *ms /= double(microSteps);
    return estimate;
  }

private:
  void run(const Step &step) {
    switch (step.kind) {
    case Step::Kind::Dispatch:
      estimate.device += dispatchMs[step.kernel];
      now += dispatchMs[step.kernel];
      return;
    case Step::Kind::Write:
      return wait(regionMs(step.to, HostWork::Convert));
    case Step::Kind::Read:
      return wait(regionMs(step.from, HostWork::Convert));
    case Step::Kind::Copy:
      return wait(regionMs(step.from, HostWork::Copy));
    case Step::Kind::Host:
      if (!step.onlyMakesGradients())
        return wait(hostMs(step));
      backgroundFree = std::max(now, backgroundFree) + hostMs(step);
      estimate.background += hostMs(step);
      return;
    case Step::Kind::For:
    case Step::Kind::Stage:
    case Step::Kind::Load:
      return;
    }
  }

  void wait(double ms) {
    now += ms;
    estimate.host += ms;
  }

  double regionMs(const RegionRef &ref, HostWork work) const {
    const Region &region =
        plan.surfaces[ref.at.surface].spec.regions[ref.region];
    return target::hostMs(
        work, double(region.rows * region.columns) * surfaceElementBytes, chip);
  }

  double hostMs(const Step &step) const {
    if (step.operands.size() == 2)
      if (double flops = hostFlops(step.name, plan.fullShape(step.operands[0]),
                                   plan.fullShape(step.operands[1])))
        return target::hostMs(HostWork::Products, flops, chip);
    OpWork op = workOf(step.name);
    if (op.work != HostWork::Copy)
      return op.share *
             target::hostMs(op.work, elements(step.operands[0]), chip);
    // A table is not read as a whole: rows move as its other side has elements.
    double largest = 0, bytes = 0;
    for (const auto *values : {&step.operands, &step.results})
      for (const ValueRef &value : *values)
        if (value.kind == ValueRef::Kind::Buffer) {
          double size = elements(value) * hostElementBytes;
          largest = std::max(largest, size);
          bytes += size;
        }
    return target::hostMs(HostWork::Copy, std::max(bytes, 2 * largest), chip);
  }

  double elements(const ValueRef &value) const {
    double product = 1;
    for (int64_t size : plan.fullShape(value))
      product *= double(size);
    return product;
  }

  const Plan &plan;
  const target::Chip &chip;
  std::vector<double> dispatchMs; ///< By kernel.
  double now = 0, backgroundFree = 0;
  Estimate estimate;
};

} // namespace

std::vector<Estimate>
estimateMicroStep(const Plan &plan,
                  const std::vector<target::ProgramWork> &work,
                  int64_t accumulation) {
  std::vector<Estimate> estimates;
  const HostProgram *first = plan.program("train_step");
  const HostProgram *other = plan.program("accumulate_step");
  for (const target::Chip &chip : target::allChips()) {
    Clock clock(plan, work, chip);
    if (first)
      clock.run(first->steps);
    // Elsewhere every micro-step is like the first.
    if (!other) {
      estimates.push_back(clock.finish(1));
      continue;
    }
    for (int64_t m = 1; m < accumulation; ++m)
      clock.run(other->steps);
    for (const char *name : {"finish_gradients", "update"})
      if (const HostProgram *last = plan.program(name))
        clock.run(last->steps);
    estimates.push_back(clock.finish(accumulation));
  }
  return estimates;
}

} // namespace anec::rt
