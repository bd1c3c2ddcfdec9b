//===- Surfaces.h - Shared memory that is closed unless locked --*- C++ -*-===//
//
// The pages of a surface cannot be touched while it is not locked, and not
// written while it is locked for reading: a caller that does so crashes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_STANDIN_SURFACES_H
#define ANEC_TEST_STANDIN_SURFACES_H

#include "test/standin/Objects.h"

namespace anec::standin {

struct SharedSurface : Object {
  explicit SharedSurface(size_t bytes);
  ~SharedSurface() override;

  /// Opens or closes the pages.
  void protect(int protection);

  uint8_t *memory = nullptr;
  size_t bytes;
  /// Locks that are held, by their options.
  int readers = 0, writers = 0;
};

} // namespace anec::standin

#endif // ANEC_TEST_STANDIN_SURFACES_H
