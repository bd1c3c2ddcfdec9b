//===- Request.h - One program on given surfaces ----------------*- C++ -*-===//
//
// Requests never change: other surfaces are another request.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_REQUEST_H
#define ANEC_RUNTIME_DEVICE_ANE_REQUEST_H

#include "runtime/device/ane/Framework.h"

namespace anec::rt::ane {

class Request {
public:
  /// `inputs` and `outputs` are surfaces in slot order. DeviceFailure when the
  /// system makes none.
  static Result<Request> create(const Framework &framework,
                                const std::vector<Id> &inputs,
                                const std::vector<Id> &outputs);

  Id get() const { return request.get(); }

private:
  Request() = default;

  /// As long as the request may be evaluated.
  std::vector<Retained> wrappers;
  Retained request;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_REQUEST_H
