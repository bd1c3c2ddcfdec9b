//===- Devices.cpp - The devices that must agree --------------------------===//
#include "test/conformance/Devices.h"

#include "runtime/device/ane/AneDevice.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/sim/SimDevice.h"
#include "test/standin/StandIn.h"

namespace anec::rt {

/// The simulated device of a profile.
static DeviceCase simulated(const std::string &profile) {
  const target::Profile *found = target::findProfile(profile);
  return {"sim:" + profile,
          [found](ThreadPool &pool) { return makeSimDevice(*found, {}, pool); },
          !found->takesOneInput() && !found->takesOneOutput(),
          !found->refuses(target::Rule::IoLayout),
          found->refuses(target::Rule::MilHeader10),
          !found->refuses(target::Rule::IoInPlace)};
}

/// The ane device over the stand-in for Apple's frameworks. One process runs
/// the suite for it, so compiles are not limited.
static std::unique_ptr<Device> makeAneOverStandIn(ThreadPool &pool) {
  static ane::CompileBudget budget(1000000);
  AneOptions options;
  options.libraries = ane::LibraryPaths::single(StandIn::library());
  options.budget = &budget;
  Result<std::unique_ptr<Device>> device = makeAneDevice(options, pool);
  return device ? std::move(*device) : nullptr;
}

std::vector<DeviceCase> allDevices() {
  return {
      {"cpu",
       [](ThreadPool &pool) { return makeCpuDevice(Numerics::Ane, pool); }},
      simulated("strict"),
      simulated("m1"),
      simulated("m4"),
      simulated("m5"),
      {"ane", makeAneOverStandIn},
  };
}

} // namespace anec::rt
