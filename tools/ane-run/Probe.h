//===- Probe.h - Questions to the hardware ----------------------*- C++ -*-===//
//
// The experiments that people published about the Neural Engine, one by one:
// each prints a few lines that can be compared with theirs.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_PROBE_H
#define ANEC_TOOLS_ANE_RUN_PROBE_H

#include "runtime/device/ane/AneDevice.h"
#include "tools/ane-run/DeviceOptions.h"

namespace anec::rt {

/// What a probe works with.
struct ProbeContext {
  const DeviceOptions &options;
  ThreadPool &pool;
  /// Fewer and smaller measurements, to see that it works.
  bool quick = false;

  bool onEngine() const { return options.device == "ane"; }
  /// The device asked for. `change` may set what only the engine has.
  Result<std::unique_ptr<Device>>
  open(const std::function<void(AneOptions &)> &change = nullptr) const;
};

struct Probe {
  const char *name;
  const char *question;
  /// Errors: those that make the question unanswerable. What the device refuses
  /// is an answer.
  std::optional<Error> (*run)(const ProbeContext &);
};

Span<const Probe> allProbes();

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_PROBE_H
