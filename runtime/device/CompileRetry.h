//===- CompileRetry.h - How long a failed compile waits --------*- C++ -*-===//
//
// The compiler service of the ANE sometimes fails and works a moment later.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_COMPILERETRY_H
#define ANEC_RUNTIME_DEVICE_COMPILERETRY_H

#include <chrono>

namespace anec::rt {

/// How long to wait after the attempt `failed`, from 1: 100 ms and twice as
/// long each time, up to a second (rule compile-retry: Espresso).
inline std::chrono::milliseconds compileRetryDelay(int failed) {
  return std::chrono::milliseconds(failed > 4 ? 1000 : 100 << (failed - 1));
}

} // namespace anec::rt

#endif // ANEC_RUNTIME_DEVICE_COMPILERETRY_H
