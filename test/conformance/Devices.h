//===- Devices.h - The devices that must agree ------------------*- C++ -*-===//
//
// A device is one line of Devices.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_CONFORMANCE_DEVICES_H
#define ANEC_TEST_CONFORMANCE_DEVICES_H

#include "runtime/device/Device.h"
#include "runtime/support/ThreadPool.h"

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace anec::rt {

/// A device with fp16 numerics.
struct DeviceCase {
  std::string name;
  std::function<std::unique_ptr<Device>(ThreadPool &)> make;
  /// Whether its programs may have several inputs and outputs; it refuses them
  /// with an error otherwise.
  bool takesSeveralSurfaces = true;
  /// Whether surfaces may be [1, A, B, W]; it refuses them with an error
  /// otherwise.
  bool takesMatrices = true;
  /// Whether it wants programs in the form of M1.
  bool wantsOldForm = false;
  /// Whether a surface may be input and output; an error otherwise.
  bool takesSharedSurfaces = true;
};

inline std::ostream &operator<<(std::ostream &stream, const DeviceCase &each) {
  return stream << each.name;
}

std::vector<DeviceCase> allDevices();

} // namespace anec::rt

#endif // ANEC_TEST_CONFORMANCE_DEVICES_H
