//===- LargeMemory.h - Huge pages for many arrays ---------------*- C++ -*-===//
//
// A micro-step goes through a gigabyte of arrays, most of them smaller than a
// huge page. In small pages their addresses take longer to look up than some of
// the work takes, on virtual machines most of all; side by side they share huge
// ones.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_LARGEMEMORY_H
#define ANEC_RUNTIME_SUPPORT_LARGEMEMORY_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace anec::rt {

/// Uninitialised memory, aligned to 128 bytes; from any thread. Large arrays
/// lie one behind the other in huge pages where the system has them. Throws
/// std::bad_alloc, as operator new does.
void *takeLargeMemory(size_t bytes);
/// Gives back what `takeLargeMemory` returned for as many bytes.
void giveLargeMemory(void *memory, size_t bytes) noexcept;

/// Lets standard containers keep their elements there.
template <typename T> struct LargeAllocator {
  using value_type = T;

  LargeAllocator() = default;
  template <typename U> LargeAllocator(const LargeAllocator<U> &) {}

  T *allocate(size_t count) {
    return static_cast<T *>(takeLargeMemory(count * sizeof(T)));
  }
  void deallocate(T *memory, size_t count) noexcept {
    giveLargeMemory(memory, count * sizeof(T));
  }

  friend bool operator==(LargeAllocator, LargeAllocator) { return true; }
  friend bool operator!=(LargeAllocator, LargeAllocator) { return false; }
};

template <typename T> using LargeVector = std::vector<T, LargeAllocator<T>>;

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_LARGEMEMORY_H
