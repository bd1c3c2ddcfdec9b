//===- PrefetchMemory.h - Memory that is needed soon ------------*- C++ -*-===//
//
// For loops over short rows that lie apart: the hardware sees no stream in
// them, so that each row would be waited for.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_PREFETCHMEMORY_H
#define ANEC_RUNTIME_SUPPORT_PREFETCHMEMORY_H

#include <cstdint>

namespace anec::rt {

constexpr int64_t cacheLineBytes = 64;

/// GCC drops calls of functions that do nothing but ask for memory.
#define ANEC_PREFETCH inline __attribute__((always_inline))

/// Asks for `count` elements that will be read or written soon.
template <typename T>
ANEC_PREFETCH void prefetch(const T *first, int64_t count) {
  const char *bytes = reinterpret_cast<const char *>(first);
  for (int64_t i = 0; i < count * int64_t(sizeof(T)); i += cacheLineBytes)
    __builtin_prefetch(bytes + i);
}

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_PREFETCHMEMORY_H
