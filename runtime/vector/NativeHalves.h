//===- NativeHalves.h - Arithmetic of CPUs on halves ------------*- C++ -*-===//
//
// Some CPUs add and multiply halves as they are: twice as many at once, and
// nothing is converted.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_VECTOR_NATIVEHALVES_H
#define ANEC_RUNTIME_VECTOR_NATIVEHALVES_H

#include "runtime/vector/VectorMath.h"

namespace anec::rt {

/// "add", "sub" or "mul" on halves themselves; null when this CPU has no such
/// arithmetic or the function is another one.
///
/// Numerics  the bits of computing in float and rounding once: products of two
///           halves are exact in float, and a sum that is rounded to 24 bits
///           first rounds to the same 11, since 24 >= 2 * 11 + 2 (Figueroa,
///           "When is double rounding innocuous?", 1995). Of NaN only that it
///           is one.
BinaryRow<half> findNativeBinaryRow(std::string_view name);

} // namespace anec::rt

#endif // ANEC_RUNTIME_VECTOR_NATIVEHALVES_H
