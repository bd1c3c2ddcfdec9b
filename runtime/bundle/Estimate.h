//===- Estimate.h - How long a micro-step would take ------------*- C++ -*-===//
//
// The cost model of runtime/target along the steps of a plan. An estimate from
// measurements of others, never a measurement.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_ESTIMATE_H
#define ANEC_RUNTIME_BUNDLE_ESTIMATE_H

#include "runtime/bundle/Plan.h"
#include "runtime/target/CostModel.h"

#include <vector>

namespace anec::rt {

/// Milliseconds of one micro-step without optimiser and staging.
struct Estimate {
  std::string chip;
  double total = 0;
  double device = 0;
  /// Host work that the device waits for, and that which runs beside it.
  double host = 0, background = 0;
};

/// Of the program "train_step" (zeros without one) on every chip. `work` is
/// that of each kernel. A vocabulary of open size counts in full.
std::vector<Estimate>
estimateMicroStep(const Plan &plan,
                  const std::vector<target::ProgramWork> &work,
                  int64_t accumulation = 1);

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_ESTIMATE_H
