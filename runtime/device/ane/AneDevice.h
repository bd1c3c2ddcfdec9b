//===- AneDevice.h - The Neural Engine --------------------------*- C++ -*-===//
//
// Runs kernels on Apple's Neural Engine through its private interface. Written
// from public reports and run against a stand-in for that interface only;
// never run on hardware by this project.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_ANEDEVICE_H
#define ANEC_RUNTIME_DEVICE_ANE_ANEDEVICE_H

#include "runtime/device/Device.h"
#include "runtime/device/ane/CompileBudget.h"
#include "runtime/device/ane/DynamicLibrary.h"
#include "runtime/device/ane/EngineInfo.h"

#include <chrono>
#include <functional>
#include <thread>

namespace anec::rt {

class ThreadPool;

struct AneOptions {
  ane::LibraryPaths libraries = ane::LibraryPaths::system();
  /// 0 realtime, 9 background, 17 utility, 21 default, 25 user-initiated, 33
  /// user-interactive; reported to make no difference on most chips.
  uint32_t qos = 21;
  /// Surfaces are at least this long; the default is rule io-min-bytes.
  std::optional<int64_t> minimumSurfaceBytes;
  /// Whether all surfaces of one direction of a program get the same size, as
  /// some systems want it (rule multi-in-size).
  bool uniformSizes = true;
  ane::CompileBudget *budget = &ane::CompileBudget::process();
  /// How attempts are spaced.
  std::function<void(std::chrono::milliseconds)> wait =
      [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };

  /// For this system, or for the library that the environment variable
  /// ANEC_ANE_LIBRARY names in place of all frameworks.
  static AneOptions fromEnvironment();
};

/// Unsupported, with what is missing, where there is no Neural Engine. Numerics
/// are Ane. `pool` must outlive the device.
///
/// Errors besides those of Device.h: DeviceFailure with domain and code of the
/// system when it refuses, when a loaded program wants its surfaces in another
/// form than its text says, and when a result is zero that must not be.
Result<std::unique_ptr<Device>> makeAneDevice(const AneOptions &options,
                                              ThreadPool &pool);

/// Names of the inputs in the order in which the engine binds them; of a
/// program that such a device loaded.
std::vector<std::string> aneInputSlots(const Program &program);

/// What the machine says about its engine. Unsupported as above.
Result<ane::EngineInfo> aneEngineInfo(const AneOptions &options);

} // namespace anec::rt

#endif // ANEC_RUNTIME_DEVICE_ANE_ANEDEVICE_H
