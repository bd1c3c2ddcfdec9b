//===- SimDevice.h - A device that fails like an ANE ------------*- C++ -*-===//
//
// The cpu device behind the run-time rules of a profile, driven as software
// drives the hardware. Says nothing about speed.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_SIM_SIMDEVICE_H
#define ANEC_RUNTIME_DEVICE_SIM_SIMDEVICE_H

#include "runtime/device/sim/SimHardware.h"

namespace anec::rt {

/// A device with fp16 numerics and the rules of `profile`. It binds surfaces to
/// slots by name, allocates what the slots need, tries failed compiles again,
/// stops before the compile budget is spent (BudgetExhausted), and compares
/// results that are all zero with the cpu's. `pool` must outlive it. Errors of
/// the simulated hardware are DeviceFailure.
std::unique_ptr<Device> makeSimDevice(const target::Profile &profile,
                                      const sim::SimOptions &options,
                                      ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_DEVICE_SIM_SIMDEVICE_H
