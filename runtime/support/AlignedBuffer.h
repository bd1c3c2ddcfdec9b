//===- AlignedBuffer.h - Memory for vectors ---------------------*- C++ -*-===//
//
// Uninitialised elements at an address that every vector unit and cache likes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_ALIGNEDBUFFER_H
#define ANEC_RUNTIME_SUPPORT_ALIGNEDBUFFER_H

#include "runtime/support/LargeMemory.h"

#include <cstdint>
#include <memory>

namespace anec::rt {

/// Owns `capacity` elements of a trivial type, aligned to 128 bytes.
template <typename T> class AlignedBuffer {
public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t count) { reserve(count); }

  /// Makes room for `count` elements; what was there is lost when it grows.
  T *reserve(int64_t count) {
    if (count > elements) {
      memory.reset();
      elements = 0;
      const size_t bytes = static_cast<size_t>(count) * sizeof(T);
      memory = {static_cast<T *>(takeLargeMemory(bytes)), Free{bytes}};
      elements = count;
    }
    return memory.get();
  }

  T *data() const { return memory.get(); }
  int64_t capacity() const { return elements; }

private:
  struct Free {
    size_t bytes = 0;
    void operator()(T *pointer) const { giveLargeMemory(pointer, bytes); }
  };

  std::unique_ptr<T, Free> memory;
  int64_t elements = 0;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_ALIGNEDBUFFER_H
