//===- Slots.h - Where the compiled program wants its surfaces --*- C++ -*-===//
//
// Sources disagree about the order of several inputs and about padding, so
// nothing is assumed: the loaded program says it, and is refused when it says
// something else than the host is going to write.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_SLOTS_H
#define ANEC_RUNTIME_DEVICE_ANE_SLOTS_H

#include "runtime/device/ane/Framework.h"
#include "runtime/device/ane/Signature.h"

namespace anec::rt::ane {

/// One entry of LiveInputList or LiveOutputList. Strides are bytes.
struct Slot {
  std::string name;
  int64_t channels = 0, height = 0, width = 0;
  int64_t batchStride = 0, planeStride = 0, rowStride = 0;
};

struct Slots {
  std::vector<Slot> inputs, outputs;

  /// From the model's attributes. DeviceFailure, with `program`, when they are
  /// not there or incomplete: then nobody can know where data belongs.
  static Result<Slots> read(const Framework &framework, Id attributes,
                            const std::string &program);
};

/// For each slot the port that belongs there, by name. DeviceFailure with both
/// numbers when names, sizes or strides differ.
Result<std::vector<size_t>> bindSlots(const std::string &program,
                                      const std::vector<Slot> &slots,
                                      const std::vector<Port> &ports);

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_SLOTS_H
