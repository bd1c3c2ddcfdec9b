//===- SurfacePart.h - Rectangles of surfaces -------------------*- C++ -*-===//
//
// What programs read of surfaces, and where regions lie in them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_SURFACEPART_H
#define ANEC_RUNTIME_DEVICE_CPU_SURFACEPART_H

#include <cstdint>

namespace anec::rt::cpu {

struct SurfacePart {
  int64_t channel = 0, channels = 0, column = 0, columns = 0;
};

/// Whether two parts of one surface share an element.
inline bool touch(const SurfacePart &a, const SurfacePart &b) {
  return a.channel < b.channel + b.channels &&
         b.channel < a.channel + a.channels &&
         a.column < b.column + b.columns && b.column < a.column + a.columns;
}

inline bool isWithin(const SurfacePart &part, const SurfacePart &whole) {
  return part.channel >= whole.channel &&
         part.channel + part.channels <= whole.channel + whole.channels &&
         part.column >= whole.column &&
         part.column + part.columns <= whole.column + whole.columns;
}

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_SURFACEPART_H
