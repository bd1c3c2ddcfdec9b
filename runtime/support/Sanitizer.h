//===- Sanitizer.h - Whether AddressSanitizer looks on ----------*- C++ -*-===//
//
// GCC and clang say it in different ways.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_SANITIZER_H
#define ANEC_RUNTIME_SUPPORT_SANITIZER_H

namespace anec::rt {

/// It makes programs ten to twenty times slower, watches the ends of every
/// array that is allocated by itself, and keeps freed memory for a while.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool isSanitized = true;
#elif defined(__has_feature)
constexpr bool isSanitized = __has_feature(address_sanitizer);
#else
constexpr bool isSanitized = false;
#endif

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_SANITIZER_H
