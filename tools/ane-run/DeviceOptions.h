//===- DeviceOptions.h - Flags that choose where to run ---------*- C++ -*-===//
//
// --device, --numerics, --threads and what simulated devices are told, the same
// for every command.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_DEVICEOPTIONS_H
#define ANEC_TOOLS_ANE_RUN_DEVICEOPTIONS_H

#include "runtime/device/DeviceFactory.h"
#include "runtime/gemm/Gemm.h"
#include "runtime/support/ThreadPool.h"

#include <CLI/CLI.hpp>

#include <optional>

namespace anec::rt {

struct DeviceOptions {
  std::string device = "cpu";
  std::string numerics = "ane";
  /// 0: one for each hardware thread.
  int threads = 0;
  /// For simulated devices.
  std::vector<std::string> faults;
  std::string faultFile;
  std::string imitate;
  int64_t compileBudget = 0;

  /// `numericsNames` are the values --numerics may have, the default first.
  void addTo(CLI::App &command, const std::vector<std::string> &numericsNames);

  Numerics arithmetic() const;
  /// Errors: a device that this build does not have, or faults that are wrong.
  std::optional<Error> check() const;
  /// Errors: those of `check`.
  Result<std::unique_ptr<Device>> open(ThreadPool &pool) const;

private:
  Result<DeviceSettings> settings() const;
};

/// --host-precision=f32|bf16: what products on the host multiply.
void addHostPrecisionFlag(CLI::App &command, GemmPrecision &precision);

/// --overlap=auto|on|off: weight gradients and compiling beside the device.
void addOverlapFlag(CLI::App &command, std::optional<bool> &overlap);

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_DEVICEOPTIONS_H
