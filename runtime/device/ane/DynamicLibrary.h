//===- DynamicLibrary.h - Libraries found at run time -----------*- C++ -*-===//
//
// The frameworks of the ANE exist on Macs only and are private there, so
// nothing is linked: every entry point is looked up, and its absence reported.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_DYNAMICLIBRARY_H
#define ANEC_RUNTIME_DEVICE_ANE_DYNAMICLIBRARY_H

#include "runtime/support/Result.h"

namespace anec::rt::ane {

/// An open library. Never closed: classes that were registered stay in use.
class DynamicLibrary {
public:
  /// Unsupported with the loader's message.
  static Result<DynamicLibrary> open(const std::string &path);

  /// Null when the library has no such symbol.
  void *find(const char *symbol) const;

  /// Sets `function` to the address of `symbol`, or says that it is missing.
  template <typename F>
  std::optional<Error> bind(F *&function, const char *symbol) const {
    function = reinterpret_cast<F *>(find(symbol));
    if (function)
      return std::nullopt;
    return missing(symbol);
  }

private:
  DynamicLibrary(std::string path, void *handle)
      : path(std::move(path)), handle(handle) {}
  Error missing(const char *symbol) const;

  std::string path;
  void *handle;
};

/// Where the libraries are that the device talks to.
struct LibraryPaths {
  std::string objc, coreFoundation, foundation, ioSurface, neuralEngine,
      threads;

  /// Those of macOS.
  static LibraryPaths system();
  /// One library that offers all entry points, as tests have it.
  static LibraryPaths single(const std::string &path);
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_DYNAMICLIBRARY_H
