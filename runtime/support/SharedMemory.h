//===- SharedMemory.h - Memory that outlives a process ----------*- C++ -*-===//
//
// Memory without a name in any file system, reached by a descriptor. A process
// that is replaced by exec leaves it to its successor.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_SHAREDMEMORY_H
#define ANEC_RUNTIME_SUPPORT_SHAREDMEMORY_H

#include "runtime/support/Result.h"
#include "runtime/support/Span.h"

#include <cstdint>

namespace anec::rt {

/// Owns descriptor and mapping. The memory is gone when nobody has either.
class SharedMemory {
public:
  /// Zeroed, `size` bytes; closed on exec until `release`.
  static Result<SharedMemory> create(size_t size);
  /// What another process released. InvalidInput when `descriptor` is no such
  /// memory.
  static Result<SharedMemory> adopt(int descriptor);

  SharedMemory() = default;
  SharedMemory(SharedMemory &&other) noexcept;
  SharedMemory &operator=(SharedMemory &&other) noexcept;
  ~SharedMemory();

  Span<uint8_t> bytes() const { return {data, size}; }
  /// Gives the descriptor away; it stays open on exec.
  Result<int> release();

private:
  std::optional<Error> map(size_t length);

  int descriptor = -1;
  uint8_t *data = nullptr;
  size_t size = 0;
};

/// Whether `descriptor` stays open when this process is replaced.
std::optional<Error> setInherited(int descriptor, bool inherited);

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_SHAREDMEMORY_H
