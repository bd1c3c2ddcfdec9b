//===- DeviceFactory.h - Devices by name ------------------------*- C++ -*-===//
//
// The one place that knows which devices there are: cpu, ane,
// sim:PROFILE, where PROFILE is what --target takes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_DEVICEFACTORY_H
#define ANEC_RUNTIME_DEVICE_DEVICEFACTORY_H

#include "runtime/device/Device.h"
#include "runtime/device/sim/SimHardware.h"

namespace anec::rt {

struct DeviceSettings {
  Numerics numerics = Numerics::Ane;
  /// Only for simulated devices.
  sim::SimOptions sim;
  /// What Imitations::parse takes, or empty.
  std::string imitate;
};

/// "cpu, sim:strict, ...", for messages.
std::string deviceNames();

/// InvalidInput, with the names there are, unless `makeDevice` takes `name` and
/// `settings`.
std::optional<Error> checkDevice(const std::string &name,
                                 const DeviceSettings &settings);

/// The device `name`; `pool` must outlive it. Errors: those of `checkDevice`,
/// and of `makeAneDevice`.
Result<std::unique_ptr<Device>> makeDevice(const std::string &name,
                                           const DeviceSettings &settings,
                                           ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_DEVICE_DEVICEFACTORY_H
