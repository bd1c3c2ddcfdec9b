//===- ExecDevice.h - A program once on any device --------------*- C++ -*-===//
//
// What `ane-run exec` does on devices that take surfaces only.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_EXECDEVICE_H
#define ANEC_TOOLS_ANE_RUN_EXECDEVICE_H

#include "runtime/device/cpu/ArrayRunner.h"
#include "runtime/device/cpu/ProgramReader.h"
#include "tools/ane-run/KernelRun.h"

namespace anec::rt {

/// A program loaded by a device, with arrays for everything that goes in and
/// out. Inputs and outputs are tensor<fp16, [1, A, B, W]>.
class DeviceRun {
public:
  /// Loads the program and writes the inputs, which cpu::checkInputs accepted;
  /// floats are rounded once. Errors: those of KernelRun::load, and an input
  /// that is no array of floats.
  static Result<DeviceRun> prepare(Device &device,
                                   const cpu::SourceProgram &source,
                                   const cpu::NamedArrays &inputs);

  std::optional<Error> run() { return kernel.run(); }
  Result<std::vector<cpu::NamedArray>> outputs();

private:
  DeviceRun(KernelRun kernel, std::vector<mil::TypedName> results)
      : kernel(std::move(kernel)), results(std::move(results)) {}

  KernelRun kernel;
  std::vector<mil::TypedName> results;
};

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_EXECDEVICE_H
