//===- IOSurfaces.h - Memory that the engine reads and writes ---*- C++ -*-===//
//
// The functions of the IOSurface framework, a surface that owns its memory,
// and scopes in which the host may touch it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_IOSURFACES_H
#define ANEC_RUNTIME_DEVICE_ANE_IOSURFACES_H

#include "runtime/device/Device.h"
#include "runtime/device/ane/CoreFoundation.h"

namespace anec::rt::ane {

class IOSurfaces {
public:
  static Result<IOSurfaces> load(const DynamicLibrary &library);

private:
  friend class IOMemory;
  friend class SurfaceLock;

  Id (*create)(Id properties) = nullptr;
  int (*lock)(Id, uint32_t options, uint32_t *seed) = nullptr;
  int (*unlock)(Id, uint32_t options, uint32_t *seed) = nullptr;
  void *(*baseAddress)(Id) = nullptr;
  size_t (*allocatedSize)(Id) = nullptr;
  /// Keys of the properties.
  Id *width = nullptr, *height = nullptr, *bytesPerElement = nullptr,
     *bytesPerRow = nullptr, *allocSize = nullptr, *pixelFormat = nullptr;
};

/// One flat surface of bytes.
class IOMemory {
public:
  /// Zeroed. DeviceFailure when the system refuses, or gives less.
  static Result<IOMemory> create(const IOSurfaces &surfaces,
                                 const CoreFoundation &cf, int64_t bytes);

  Id get() const { return surface.get(); }
  int64_t bytes() const { return size; }

private:
  IOMemory(CFRef surface, int64_t bytes)
      : surface(std::move(surface)), size(bytes) {}

  CFRef surface;
  int64_t size;
};

/// The host may read, or read and write, until the end of the scope. Never
/// held while the engine runs: that is reported to block for ever.
class SurfaceLock {
public:
  /// DeviceFailure with the number that the system returned.
  static Result<SurfaceLock> take(const IOSurfaces &surfaces, Id surface,
                                  Access access);

  SurfaceLock(SurfaceLock &&other) noexcept
      : surfaces(other.surfaces),
        surface(std::exchange(other.surface, nullptr)), options(other.options) {
  }
  SurfaceLock &operator=(SurfaceLock &&) = delete;
  ~SurfaceLock();

  void *data() const;

private:
  SurfaceLock(const IOSurfaces &surfaces, Id surface, uint32_t options)
      : surfaces(surfaces), surface(surface), options(options) {}

  const IOSurfaces &surfaces;
  Id surface;
  uint32_t options;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_IOSURFACES_H
