//===- DeviceError.h - What the system said went wrong ----------*- C++ -*-===//
//
// An NSError as values, and what public reports say about its meaning.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_DEVICEERROR_H
#define ANEC_RUNTIME_DEVICE_ANE_DEVICEERROR_H

#include "runtime/device/ane/Framework.h"

namespace anec::rt::ane {

/// What can be done about a failure.
enum class Remedy {
  None,       ///< The same again would fail again.
  Retry,      ///< Seen to pass at a later attempt.
  WaitLonger, ///< The compiler service died and comes back.
};

/// A failure as the system reported it; all empty when it gave no NSError.
struct DeviceError {
  std::string domain, description;
  int64_t code = 0;

  static DeviceError from(const Framework &framework, Id error);

  /// "DOMAIN code N: DESCRIPTION".
  std::string text() const;
};

/// For a compile that failed.
Remedy compileRemedy(const DeviceError &error);

/// What people who saw such an error found; empty when nobody did. Begins with
/// a semicolon.
std::string compileHint(const DeviceError &error);
std::string loadHint(const DeviceError &error);
std::string evaluateHint(const DeviceError &error, bool ranBefore);

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_DEVICEERROR_H
