//===- Half.h - The 16-bit float of the device ------------------*- C++ -*-===//
//
// IEEE 754 binary16 storage. Conversions round once, to nearest even; overflow
// gives infinity and subnormals are kept.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_HALF_H
#define ANEC_RUNTIME_SUPPORT_HALF_H

namespace anec::rt {

/// Compute in float or double; a half is only stored.
using half = _Float16;

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_HALF_H
