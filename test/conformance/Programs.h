//===- Programs.h - Small programs that every device takes ------*- C++ -*-===//
//
// Written the way the strict target wants them: named constants, a name for
// every operator, surfaces of at least 49,152 bytes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_CONFORMANCE_PROGRAMS_H
#define ANEC_TEST_CONFORMANCE_PROGRAMS_H

#include <cstdint>
#include <string>

namespace anec::rt::conformance {

/// Of every surface but packed ones.
constexpr int64_t channels = 64, width = 512;

/// Each has one input "in" and one output "out", called x and y here, but the
/// last.
///
/// y = x * x + x.
std::string elementwise();
/// y[c, s] = x[c, s] + sum over all channels of x[., s].
std::string reduction();
/// in = [x, s], s [channels, channels] behind x; y = transposed s times x.
std::string packedLinear();
/// y = w x, a convolution; w is the constant at `bakedPath`.
std::string bakedLinear();
constexpr char bakedPath[] = "@model_path/weights/w.bin";
/// (second, first) -> (zero = second - first, one = second * first).
std::string severalSurfaces();

/// in and out are [1, 2, channels / 2, width]; y[a, b] = x[a, b] + x[0, b] +
/// x[1, b].
std::string matrices();

/// The same program with the header and the scalars that M1 takes.
std::string inOldForm(std::string text);

} // namespace anec::rt::conformance

#endif // ANEC_TEST_CONFORMANCE_PROGRAMS_H
