//===- DeviceOptions.cpp - Flags that choose where to run -----------------===//
//
// Flags as the settings of a device.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/DeviceOptions.h"

#include "runtime/gemm/MatrixUnit.h"

namespace anec::rt {

/// Before anything is packed: while flags are read.
static void addMatrixUnitFlag(CLI::App &command) {
  const std::vector<MatrixUnit> units = {MatrixUnit::None, MatrixUnit::Amx,
                                         MatrixUnit::Accelerate};
  std::vector<std::string> names;
  for (MatrixUnit unit : units)
    names.emplace_back(nameOf(unit));
  command
      .add_option_function<std::string>(
          "--matrix-unit",
          [units](const std::string &name) {
            for (MatrixUnit unit : units)
              if (name == nameOf(unit) && !useMatrixUnit(unit))
                throw CLI::ValidationError("--matrix-unit", "this machine has "
                                                            "no " +
                                                                name);
          },
          "what multiplies on the CPU besides its vectors (default: the best "
          "that there is; see info)")
      ->check(CLI::IsMember(names))
      ->envname("ANEC_MATRIX_UNIT");
}

void DeviceOptions::addTo(CLI::App &command,
                          const std::vector<std::string> &numericsNames) {
  numerics = numericsNames.front();
  command.add_option("--device", device, deviceNames())->capture_default_str();
  command
      .add_option("--numerics", numerics,
                  "ane: fp16 storage and f32 sums; f32, f64: that throughout")
      ->check(CLI::IsMember(numericsNames))
      ->capture_default_str();
  command
      .add_option("--threads", threads,
                  "threads; the same results for any number (default: all)")
      ->check(CLI::Range(1, 1024))
      ->envname("ANEC_THREADS");
  addMatrixUnitFlag(command);
  command
      .add_option("--fault", faults,
                  "what goes wrong on a simulated device: "
                  "KIND[,after=N][,times=N][,kernel=NAME][,ms=F]; may be "
                  "repeated")
      ->allow_extra_args(false);
  command.add_option("--faults", faultFile, "the same from a JSON file");
  command
      .add_option("--compile-budget", compileBudget,
                  "compiles of one process on a simulated device (default: "
                  "the profile's)")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 40));
  command.add_option("--imitate", imitate,
                     "arithmetic of the chip that a simulated device leaves "
                     "out: all, or some of tables, denormals, partial-sums, "
                     "narrow-sums");
}

Numerics DeviceOptions::arithmetic() const {
  return numerics == "ane"   ? Numerics::Ane
         : numerics == "f32" ? Numerics::F32
                             : Numerics::F64;
}

Result<DeviceSettings> DeviceOptions::settings() const {
  DeviceSettings settings;
  settings.numerics = arithmetic();
  settings.imitate = imitate;
  settings.sim.compileBudget = compileBudget;
  if (!faultFile.empty()) {
    ANEC_ASSIGN(settings.sim.faults, sim::readFaults(faultFile));
  }
  for (const std::string &text : faults) {
    ANEC_ASSIGN(sim::Fault fault, sim::parseFault(text));
    settings.sim.faults.push_back(std::move(fault));
  }
  return settings;
}

std::optional<Error> DeviceOptions::check() const {
  ANEC_ASSIGN(DeviceSettings wanted, settings());
  return checkDevice(device, wanted);
}

Result<std::unique_ptr<Device>> DeviceOptions::open(ThreadPool &pool) const {
  ANEC_ASSIGN(DeviceSettings wanted, settings());
  return makeDevice(device, wanted, pool);
}

void addHostPrecisionFlag(CLI::App &command, GemmPrecision &precision) {
  command
      .add_option_function<std::string>(
          "--host-precision",
          [&precision](const std::string &value) {
            precision =
                value == "bf16" ? GemmPrecision::Bf16 : GemmPrecision::Full;
          },
          "bf16: weight gradients and classifier on the host multiply numbers "
          "rounded to bf16, with f32 sums; not faster unless the CPU's bf16 "
          "dot products are (AMD)")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->default_str("f32");
}

void addOverlapFlag(CLI::App &command, std::optional<bool> &overlap) {
  command
      .add_option_function<std::string>(
          "--overlap",
          [&overlap](const std::string &value) {
            if (value != "auto")
              overlap = value == "on";
          },
          "weight gradients, and compiling for the next micro-step, beside the "
          "device: auto (where it leaves the CPU idle), on, off; the same "
          "results")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->default_str("auto");
}

} // namespace anec::rt
