//===- Framework.h - The private framework of the ANE -----------*- C++ -*-===//
//
// Every class and selector that the device uses, looked up once. An interface
// that changed with the system is one error that names what is missing.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_FRAMEWORK_H
#define ANEC_RUNTIME_DEVICE_ANE_FRAMEWORK_H

#include "runtime/device/ane/EngineInfo.h"
#include "runtime/device/ane/IOSurfaces.h"

#include <memory>

namespace anec::rt::ane {

struct Framework {
  /// Opens the libraries and finds everything. Unsupported, with what is
  /// missing, where there is no ANE.
  static Result<std::shared_ptr<const Framework>>
  open(const LibraryPaths &paths);

  EngineInfo info() const;
  /// The folder for temporary files, with a slash at its end.
  std::string temporaryFolder() const;
  /// Asks the system to treat the calling thread as one a user waits for:
  /// evaluation from a background thread is reported 2.2 times slower.
  void raiseThread() const;

  ObjC objc;
  CoreFoundation cf;
  IOSurfaces io;

  struct {
    Id descriptor, model, request, surface, deviceInfo;
  } classes{};

  struct {
    Selector modelWithText, modelWithDescriptor, identifier, compile, load,
        evaluate, unload, attributes, wrapSurface, makeRequest;
  } selectors{};

private:
  Framework() = default;
  std::optional<Error> findClasses();
  std::optional<Error> findSelectors();

  Id (*temporaryDirectory)() = nullptr;
  int (*setThreadClass)(unsigned qosClass, int priority) = nullptr;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_FRAMEWORK_H
