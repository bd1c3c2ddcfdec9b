//===- Sha256.h - Fingerprints of files -------------------------*- C++ -*-===//
//
// FIPS 180-4 SHA-256, as lower-case hexadecimal digits.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_SHA256_H
#define ANEC_RUNTIME_SUPPORT_SHA256_H

#include "runtime/support/Span.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace anec::rt {

/// 64 hexadecimal digits.
std::string sha256(Span<const uint8_t> bytes);
std::string sha256(std::string_view text);

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_SHA256_H
