//===- DynamicLibrary.cpp - Libraries found at run time -------------------===//

#include "runtime/device/ane/DynamicLibrary.h"

#include <dlfcn.h>

namespace anec::rt::ane {

Result<DynamicLibrary> DynamicLibrary::open(const std::string &path) {
  if (void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL))
    return DynamicLibrary(path, handle);
  const char *reason = dlerror();
  return makeError(ErrorCode::Unsupported, "cannot open '{}': {}", path,
                   reason ? reason : "unknown reason");
}

void *DynamicLibrary::find(const char *symbol) const {
  return dlsym(handle, symbol);
}

Error DynamicLibrary::missing(const char *symbol) const {
  return makeError(ErrorCode::Unsupported,
                   "expects '{}' to have '{}', which this system lacks", path,
                   symbol);
}

LibraryPaths LibraryPaths::system() {
  auto framework = [](const char *folder, const std::string &name) {
    return "/System/Library/" + std::string(folder) + "/" + name +
           ".framework/" + name;
  };
  return {"/usr/lib/libobjc.A.dylib",
          framework("Frameworks", "CoreFoundation"),
          framework("Frameworks", "Foundation"),
          framework("Frameworks", "IOSurface"),
          framework("PrivateFrameworks", "AppleNeuralEngine"),
          "/usr/lib/libSystem.B.dylib"};
}

LibraryPaths LibraryPaths::single(const std::string &path) {
  return {path, path, path, path, path, path};
}

} // namespace anec::rt::ane
