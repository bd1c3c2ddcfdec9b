//===- CpuSurface.h - Surface memory ----------------------------*- C++ -*-===//
//
// A surface is one contiguous array [channels, width].
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H
#define ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H

#include "runtime/device/Device.h"
#include "runtime/support/PageBuffer.h"

namespace anec::rt {
class ThreadPool;
}

namespace anec::rt::cpu {

class CpuSurface : public Surface {
public:
  /// Zeroed. InvalidInput when a region does not fit, Io when the memory does
  /// not.
  static Result<std::unique_ptr<CpuSurface>> create(const SurfaceSpec &spec,
                                                    ElementType type);

  const SurfaceSpec &spec() const override { return description; }
  ElementType type() const { return elementType; }
  uint8_t *data() const { return memory.data(); }

private:
  CpuSurface(SurfaceSpec spec, ElementType type, PageBuffer memory)
      : description(std::move(spec)), elementType(type),
        memory(std::move(memory)) {}

  SurfaceSpec description;
  ElementType elementType;
  PageBuffer memory;
};

/// Bytes of one element.
int64_t elementSize(ElementType type);

/// Writes `master`, a matrix in natural order, into `region` of `surface`;
/// InvalidInput when it has another number of elements.
template <typename T>
std::optional<Error> stageMatrix(CpuSurface &surface, const Region &region,
                                 Span<const T> master, ThreadPool &pool);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H
