//===- DeviceFactory.cpp - Devices by name --------------------------------===//
#include "runtime/device/DeviceFactory.h"

#include "runtime/device/ane/AneDevice.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/sim/SimDevice.h"
#include "runtime/target/Profile.h"

namespace anec::rt {

static constexpr std::string_view simPrefix = "sim:";

static bool isSimulated(const std::string &name) {
  return name.compare(0, simPrefix.size(), simPrefix) == 0;
}

static Result<target::Profile> profileOf(const std::string &name) {
  return target::loadProfile(name.substr(simPrefix.size()));
}

std::string deviceNames() {
  std::string names = "cpu, ane", profiles = target::profileNames();
  for (size_t begin = 0; begin < profiles.size();) {
    const size_t end = std::min(profiles.find(", ", begin), profiles.size());
    names += ", sim:" + profiles.substr(begin, end - begin);
    begin = end + 2;
  }
  return names + ", sim:FILE";
}

std::optional<Error> checkDevice(const std::string &name,
                                 const DeviceSettings &settings) {
  const bool hasProfile = isSimulated(name);
  if (name != "cpu" && name != "ane" && !hasProfile)
    return makeError(ErrorCode::InvalidInput,
                     "expects --device {}, but got '{}'", deviceNames(), name);
  if (hasProfile) {
    ANEC_ASSIGN(const target::Profile profile, profileOf(name));
    if (!settings.imitate.empty()) {
      ANEC_ASSIGN([[maybe_unused]] const sim::Imitations imitations,
                  sim::Imitations::parse(settings.imitate, profile));
    }
  }
  if (name != "cpu" && settings.numerics != Numerics::Ane)
    return makeError(ErrorCode::InvalidInput,
                     "expects --numerics ane with --device {}, which has no "
                     "other",
                     name);
  if (!hasProfile &&
      (!settings.sim.faults.empty() || !settings.imitate.empty() ||
       settings.sim.compileBudget > 0))
    return makeError(ErrorCode::InvalidInput,
                     "expects --fault, --faults, --imitate and "
                     "--compile-budget with --device sim:PROFILE only, but got "
                     "'{}'",
                     name);
  return std::nullopt;
}

Result<std::unique_ptr<Device>> makeDevice(const std::string &name,
                                           const DeviceSettings &settings,
                                           ThreadPool &pool) {
  ANEC_TRY(checkDevice(name, settings));
  if (name == "ane")
    return makeAneDevice(AneOptions::fromEnvironment(), pool);
  if (!isSimulated(name))
    return makeCpuDevice(settings.numerics, pool);
  ANEC_ASSIGN(target::Profile profile, profileOf(name));
  sim::SimOptions options = settings.sim;
  if (!settings.imitate.empty()) {
    ANEC_ASSIGN(options.imitations,
                sim::Imitations::parse(settings.imitate, profile));
  }
  return makeSimDevice(profile, options, pool);
}

} // namespace anec::rt
