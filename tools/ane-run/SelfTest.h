//===- SelfTest.h - Does a device compute what it should --------*- C++ -*-===//
//
// Runs small kernels, and those of a bundle, on a device and on the CPU device,
// and says which rules of the table held.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_SELFTEST_H
#define ANEC_TOOLS_ANE_RUN_SELFTEST_H

#include "runtime/bundle/Bundle.h"

#include <functional>

namespace anec::rt {

class ThreadPool;

/// What came of one kernel.
struct KernelOutcome {
  enum class Status {
    Good,    ///< As on the CPU.
    Wrong,   ///< Something else.
    Refused, ///< Not compiled, not loaded, or failed while running.
  } status = Status::Good;
  std::string message;  ///< Of the device when it refused.
  double error = 0;     ///< The largest difference from the CPU's result..
  double tolerance = 0; ///< ..and the largest that is good.
  double milliseconds = 0;
};

/// Runs `files` once on `device` and on the CPU with the same random inputs.
/// Errors: those of the CPU device only, and BudgetExhausted.
Result<KernelOutcome> compareWithCpu(Device &device, const ProgramFiles &files,
                                     double deviation, ThreadPool &pool);

struct SelfTestResult {
  /// What goes into the file.
  nlohmann::json report;
  /// Forms that keep every rule, and kernels of the bundle, that are not good.
  int64_t failures = 0;
};

/// `bundle` may be null. `log` gets a line for each kernel.
Result<SelfTestResult> selfTest(Device &device, const Bundle *bundle,
                                ThreadPool &pool,
                                const std::function<void(std::string)> &log);

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_SELFTEST_H
