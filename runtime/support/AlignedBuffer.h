//===- AlignedBuffer.h - Memory for vectors ---------------------*- C++ -*-===//
//
// Uninitialised elements at an address that every vector unit and cache likes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_ALIGNEDBUFFER_H
#define ANEC_RUNTIME_SUPPORT_ALIGNEDBUFFER_H

#include <cstdint>
#include <memory>
#include <new>

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
      memory.reset(static_cast<T *>(
          ::operator new(static_cast<size_t>(count) * sizeof(T), alignment)));
      elements = count;
    }
    return memory.get();
  }

  T *data() const { return memory.get(); }
  int64_t capacity() const { return elements; }

private:
  static constexpr std::align_val_t alignment{128};
  struct Free {
    void operator()(T *pointer) const { ::operator delete(pointer, alignment); }
  };

  std::unique_ptr<T, Free> memory;
  int64_t elements = 0;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_ALIGNEDBUFFER_H
