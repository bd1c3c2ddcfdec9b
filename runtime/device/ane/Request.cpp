//===- Request.cpp - One program on given surfaces ------------------------===//

#include "runtime/device/ane/Request.h"

namespace anec::rt::ane {

Result<Request> Request::create(const Framework &framework,
                                const std::vector<Id> &inputs,
                                const std::vector<Id> &outputs) {
  const ObjC &objc = framework.objc;
  const CoreFoundation &cf = framework.cf;
  const AutoreleasePool pool(objc);
  Request result;
  auto wrap = [&](const std::vector<Id> &surfaces) -> CFRef {
    std::vector<Id> members;
    for (Id surface : surfaces) {
      result.wrappers.emplace_back(
          objc, objc.send<Id>(framework.classes.surface,
                              framework.selectors.wrapSurface, surface));
      if (!result.wrappers.back())
        return CFRef();
      members.push_back(result.wrappers.back().get());
    }
    return cf.array(members);
  };
  auto indices = [&](size_t count) {
    std::vector<CFRef> owned;
    std::vector<Id> members;
    for (size_t i = 0; i < count; ++i) {
      owned.push_back(cf.number(static_cast<int64_t>(i)));
      members.push_back(owned.back().get());
    }
    return cf.array(members);
  };
  const CFRef in = wrap(inputs), out = wrap(outputs);
  const CFRef inIndices = indices(inputs.size()),
              outIndices = indices(outputs.size()), procedure = cf.number(0);
  if (in && out)
    result.request = Retained(
        objc, objc.send<Id>(framework.classes.request,
                            framework.selectors.makeRequest, in.get(),
                            inIndices.get(), out.get(), outIndices.get(),
                            static_cast<Id>(nullptr), static_cast<Id>(nullptr),
                            procedure.get()));
  if (!result.request)
    return makeError(ErrorCode::DeviceFailure,
                     "the system makes no request of {} input and {} output "
                     "surfaces",
                     inputs.size(), outputs.size());
  return result;
}

} // namespace anec::rt::ane
