//===- Devices.cpp - The devices that must agree --------------------------===//
#include "test/conformance/Devices.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/sim/SimDevice.h"

namespace anec::rt {

/// The simulated device of a profile.
static DeviceCase simulated(const std::string &profile) {
  const target::Profile *found = target::findProfile(profile);
  return {"sim:" + profile,
          [found](ThreadPool &pool) { return makeSimDevice(*found, {}, pool); },
          !found->takesOneInput() && !found->takesOneOutput(),
          found->refuses(target::Rule::MilHeader10)};
}

std::vector<DeviceCase> allDevices() {
  return {
      {"cpu",
       [](ThreadPool &pool) { return makeCpuDevice(Numerics::Ane, pool); }},
      simulated("strict"),
      simulated("m1"),
      simulated("m4"),
      simulated("m5"),
  };
}

} // namespace anec::rt
