//===- Sha256.cpp - Fingerprints of files ---------------------------------===//
//
// OpenSSL does the work.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Sha256.h"

#include <fmt/format.h>
#include <openssl/sha.h>

namespace anec::rt {

std::string sha256(Span<const uint8_t> bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(bytes.data(), bytes.size(), digest);
  std::string text;
  for (unsigned char byte : digest)
    text += fmt::format("{:02x}", byte);
  return text;
}

std::string sha256(std::string_view text) {
  return sha256(Span<const uint8_t>(
      reinterpret_cast<const uint8_t *>(text.data()), text.size()));
}

} // namespace anec::rt
