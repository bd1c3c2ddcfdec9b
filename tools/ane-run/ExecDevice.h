//===- ExecDevice.h - A program once on any device --------------*- C++ -*-===//
//
// What `ane-run exec` does on devices that take surfaces only.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_EXECDEVICE_H
#define ANEC_TOOLS_ANE_RUN_EXECDEVICE_H

#include "runtime/device/Device.h"
#include "runtime/device/cpu/ArrayRunner.h"
#include "runtime/device/cpu/ProgramReader.h"

namespace anec::rt {

/// A program loaded by a device, with surfaces for everything that goes in and
/// out. Inputs and outputs are tensor<fp16, [1, A, B, W]>.
class DeviceRun {
public:
  /// Loads the program and writes the inputs, which cpu::checkInputs accepted;
  /// floats are rounded once. Errors: those of the device, and an input that is
  /// no surface of floats.
  static Result<DeviceRun> prepare(Device &device,
                                   const cpu::SourceProgram &source,
                                   const cpu::NamedArrays &inputs);

  std::optional<Error> run();
  Result<std::vector<cpu::NamedArray>> outputs();

private:
  explicit DeviceRun(Device &device) : device(&device) {}
  std::optional<Error> allocate(const mil::TypedName &port,
                                std::vector<std::unique_ptr<Surface>> &to);

  Device *device;
  std::vector<std::unique_ptr<Surface>> from, to;
  std::unique_ptr<Program> program;
};

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_EXECDEVICE_H
