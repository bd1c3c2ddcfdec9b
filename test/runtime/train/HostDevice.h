//===- HostDevice.h - A device that runs nothing ----------------*- C++ -*-===//
//
// For plans of host ops only.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_TRAIN_HOSTDEVICE_H
#define ANEC_TEST_RUNTIME_TRAIN_HOSTDEVICE_H

#include "runtime/device/Device.h"

namespace anec::rt {

/// Answers every request with an error.
class HostDevice : public Device {
public:
  explicit HostDevice(Numerics numerics) : arithmetic(numerics) {}

  Numerics numerics() const override { return arithmetic; }
  Result<std::unique_ptr<Program>> load(const ProgramFiles &) override {
    return refusal();
  }
  Result<std::unique_ptr<Surface>> allocate(const SurfaceSpec &) override {
    return refusal();
  }
  std::optional<Error> stage(Surface &, RegionId, Span<const float>) override {
    return refusal();
  }
  std::optional<Error> stage(Surface &, RegionId, Span<const double>) override {
    return refusal();
  }
  Result<std::unique_ptr<SurfaceMap>> map(Surface &, RegionId,
                                          Access) override {
    return refusal();
  }
  std::optional<Error> run(Program &, const std::vector<Surface *> &,
                           const std::vector<Surface *> &) override {
    return refusal();
  }
  DeviceCounters counters() const override { return {}; }

private:
  static Error refusal() {
    return makeError(ErrorCode::DeviceFailure, "this device runs nothing");
  }
  Numerics arithmetic;
};

} // namespace anec::rt

#endif // ANEC_TEST_RUNTIME_TRAIN_HOSTDEVICE_H
