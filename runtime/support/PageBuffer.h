//===- PageBuffer.h - Large zeroed memory -----------------------*- C++ -*-===//
//
// Memory straight from the operating system, in huge pages where it has them:
// walking down the columns of a surface then misses fewer translations.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_PAGEBUFFER_H
#define ANEC_RUNTIME_SUPPORT_PAGEBUFFER_H

#include "runtime/support/Result.h"

#include <cstddef>
#include <cstdint>

namespace anec::rt {

/// Owns zeroed bytes; pages that are never touched take no memory.
class PageBuffer {
public:
  /// Io when there is not enough memory.
  static Result<PageBuffer> create(size_t bytes);

  PageBuffer() = default;
  PageBuffer(PageBuffer &&other) noexcept;
  PageBuffer &operator=(PageBuffer &&other) noexcept;
  ~PageBuffer();

  uint8_t *data() const { return first; }

private:
  void *mapping = nullptr;
  size_t mappedBytes = 0;
  uint8_t *first = nullptr;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_PAGEBUFFER_H
