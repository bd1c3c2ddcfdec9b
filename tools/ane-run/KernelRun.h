//===- KernelRun.h - One kernel on a device, by itself ----------*- C++ -*-===//
//
// Surfaces for a program that is not part of a bundle, and the arrays that go
// in and come out.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_KERNELRUN_H
#define ANEC_TOOLS_ANE_RUN_KERNELRUN_H

#include "runtime/device/Device.h"
#include "runtime/device/ane/Signature.h"

namespace anec::rt {

/// Rows without padding, channel by channel.
using Halves = std::vector<half>;

/// Devices with Ane numerics only.
class KernelRun {
public:
  /// Loads the program and allocates its surfaces. Errors: those of the device,
  /// and InvalidInput when a parameter or result is no surface.
  static Result<KernelRun> load(Device &device, const ProgramFiles &files);

  const ane::Signature &signature() const { return ports; }
  Program &program() { return *loaded; }

  std::optional<Error> write(size_t input, const Halves &values);
  std::optional<Error> run();
  Result<Halves> read(size_t output);

  /// Median time of `times` runs in milliseconds, after one that warms up.
  Result<double> time(int64_t times);

private:
  KernelRun(Device &device, ane::Signature ports)
      : device(&device), ports(std::move(ports)) {}

  Device *device;
  ane::Signature ports;
  std::unique_ptr<Program> loaded;
  std::vector<std::unique_ptr<Surface>> inputs, outputs;
};

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_KERNELRUN_H
