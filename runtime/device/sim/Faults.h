//===- Faults.h - Failures on request ---------------------------*- C++ -*-===//
//
// What shall go wrong on a simulated device, and when: from flags or from a
// JSON file. A fault counts events of its kind from the start of the process.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_FAULTS_H
#define ANEC_RUNTIME_DEVICE_SIM_FAULTS_H

#include "runtime/support/Result.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace anec::rt::sim {

enum class FaultKind {
  CompileFailure,  ///< The compiler service fails, and may work the next time.
  EvaluationError, ///< Status 0x1d.
  SilentZeros,     ///< Evaluation reports success and writes zeros.
  SlowService,     ///< Compiles and evaluations wait.
  Poisoned,        ///< Every evaluation from then on fails with 0x1d.
};

struct Fault {
  FaultKind kind = FaultKind::CompileFailure;
  /// Events that go well before the first that does not.
  int64_t after = 0;
  /// Events that do not; 0 for all from then on.
  int64_t times = 1;
  /// Only events of this kernel count; empty for all.
  std::string kernel;
  /// SlowService: how long each event waits.
  double milliseconds = 0;
};

/// One fault as a flag says it: "KIND[,after=N][,times=N][,kernel=NAME]
/// [,ms=F]". Kinds: compile-failure, eval-error, silent-zeros, slow-service,
/// poisoned. Errors name the part that is wrong.
Result<Fault> parseFault(std::string_view text);

/// A file {"format": 1, "faults": [{"kind": ..., "after": ..., ...}]}; errors
/// name `file`, the place and what was expected.
Result<std::vector<Fault>> parseFaults(std::string_view text,
                                       const std::string &file);
Result<std::vector<Fault>> readFaults(const std::string &path);

enum class Event { Compile, Evaluate };

/// What shall happen to one event.
struct Mishap {
  bool fails = false; ///< CompileFailure or EvaluationError.
  bool zeros = false;
  bool poisons = false;
  double milliseconds = 0;
};

/// Counts events. Several threads may use it.
class FaultCounter {
public:
  explicit FaultCounter(std::vector<Fault> faults)
      : faults(std::move(faults)), seen(this->faults.size(), 0) {}

  /// Takes note of one event and says what shall happen to it.
  Mishap next(Event event, const std::string &kernel);

private:
  std::mutex mutex;
  std::vector<Fault> faults;
  /// Events of each fault so far.
  std::vector<int64_t> seen;
};

} // namespace anec::rt::sim

#endif // ANEC_RUNTIME_DEVICE_SIM_FAULTS_H
