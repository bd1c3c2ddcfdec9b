//===- DeviceOptions.cpp - Flags that choose where to run -----------------===//
//
// The one place that knows which devices there are.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/DeviceOptions.h"

#include "runtime/device/cpu/CpuDevice.h"

namespace anec::rt {

void DeviceOptions::addTo(CLI::App &command,
                          const std::vector<std::string> &numericsNames) {
  numerics = numericsNames.front();
  command.add_option("--device", device, "cpu")->capture_default_str();
  command
      .add_option("--numerics", numerics,
                  "ane: fp16 storage and f32 sums; f32, f64: that throughout")
      ->check(CLI::IsMember(numericsNames))
      ->capture_default_str();
  command
      .add_option("--threads", threads,
                  "threads; the same results for any number (default: all)")
      ->check(CLI::Range(1, 1024));
}

Numerics DeviceOptions::arithmetic() const {
  return numerics == "ane"   ? Numerics::Ane
         : numerics == "f32" ? Numerics::F32
                             : Numerics::F64;
}

std::optional<Error> DeviceOptions::check() const {
  if (device == "cpu")
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expects --device cpu, the only device of this build, but "
                   "got '{}'",
                   device);
}

Result<std::unique_ptr<Device>> DeviceOptions::open(ThreadPool &pool) const {
  ANEC_TRY(check());
  return makeCpuDevice(arithmetic(), pool);
}

void addOverlapFlag(CLI::App &command, std::optional<bool> &overlap) {
  command
      .add_option_function<std::string>(
          "--overlap",
          [&overlap](const std::string &value) {
            if (value != "auto")
              overlap = value == "on";
          },
          "weight gradients beside the device: auto (where it leaves the CPU "
          "idle), on, off; the same results")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->default_str("auto");
}

} // namespace anec::rt
