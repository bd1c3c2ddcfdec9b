//===- LargeArray.h - Numbers in memory of their own ------------*- C++ -*-===//
//
// Parameters, gradients and moments: arrays of many megabytes that one pass
// after the other walks through. Straight from the operating system they are in
// huge pages, and memory that nobody has touched yet costs nothing.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_LARGEARRAY_H
#define ANEC_RUNTIME_SUPPORT_LARGEARRAY_H

#include "runtime/support/PageBuffer.h"
#include "runtime/support/Span.h"

#include <new>

namespace anec::rt {

/// Owns `size()` elements of a trivial type, all 0 at first.
template <typename T> class LargeArray {
public:
  LargeArray() = default;
  /// Throws std::bad_alloc, as standard containers do.
  explicit LargeArray(size_t size) : count(size) {
    if (size == 0)
      return;
    Result<PageBuffer> created = PageBuffer::create(size * sizeof(T));
    if (!created)
      throw std::bad_alloc();
    memory = std::move(*created);
  }

  T *data() const { return reinterpret_cast<T *>(memory.data()); }
  size_t size() const { return count; }
  T *begin() const { return data(); }
  T *end() const { return data() + count; }
  Span<T> span() const { return {data(), count}; }

private:
  PageBuffer memory;
  size_t count = 0;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_LARGEARRAY_H
