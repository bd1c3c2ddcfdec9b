//===- Signature.h - What a kernel reads and writes -------------*- C++ -*-===//
//
// The surfaces that a MIL text asks for, and the memory they need.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_SIGNATURE_H
#define ANEC_RUNTIME_DEVICE_ANE_SIGNATURE_H

#include "runtime/support/Result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace anec::rt::ane {

constexpr int64_t roundUp(int64_t value, int64_t granule) {
  return (value + granule - 1) / granule * granule;
}

/// Bytes between two channels of a surface that is `width` halves wide. Sources
/// give granules from 16 to 64 bytes (rule io-row-stride); the program says at
/// load what it really is.
constexpr int64_t rowBytes(int64_t width) { return roundUp(width * 2, 64); }

/// A parameter or output, tensor<fp16, [1, channels / rows, rows, width]>, in a
/// surface of so many channels.
struct Port {
  std::string name;
  int64_t channels = 0, width = 0;
  int64_t rows = 1;

  int64_t bytes() const { return channels * rowBytes(width); }
};

struct Signature {
  std::vector<Port> inputs, outputs;

  /// Of the only function of `text`, or "main". InvalidInput, with `name` and
  /// a place, when a port is no surface.
  static Result<Signature> read(const std::string &text,
                                const std::string &name);

  /// Of all elements, without padding.
  uint64_t bytes() const;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_SIGNATURE_H
