//===- IOSurfaces.cpp - Memory that the engine reads and writes -----------===//

#include "runtime/device/ane/IOSurfaces.h"

#include <cstring>

namespace anec::rt::ane {

namespace {

constexpr uint32_t readOnly = 1; // kIOSurfaceLockReadOnly

} // namespace

Result<IOSurfaces> IOSurfaces::load(const DynamicLibrary &library) {
  IOSurfaces io;
  ANEC_TRY(library.bind(io.create, "IOSurfaceCreate"));
  ANEC_TRY(library.bind(io.lock, "IOSurfaceLock"));
  ANEC_TRY(library.bind(io.unlock, "IOSurfaceUnlock"));
  ANEC_TRY(library.bind(io.baseAddress, "IOSurfaceGetBaseAddress"));
  ANEC_TRY(library.bind(io.allocatedSize, "IOSurfaceGetAllocSize"));
  ANEC_TRY(library.bind(io.width, "kIOSurfaceWidth"));
  ANEC_TRY(library.bind(io.height, "kIOSurfaceHeight"));
  ANEC_TRY(library.bind(io.bytesPerElement, "kIOSurfaceBytesPerElement"));
  ANEC_TRY(library.bind(io.bytesPerRow, "kIOSurfaceBytesPerRow"));
  ANEC_TRY(library.bind(io.allocSize, "kIOSurfaceAllocSize"));
  ANEC_TRY(library.bind(io.pixelFormat, "kIOSurfacePixelFormat"));
  return io;
}

Result<IOMemory> IOMemory::create(const IOSurfaces &io,
                                  const CoreFoundation &cf, int64_t bytes) {
  // One row of bytes, as every public program allocates them.
  const CFRef count = cf.number(bytes), one = cf.number(1), none = cf.number(0);
  const CFRef properties =
      cf.dictionary({*io.width, *io.height, *io.bytesPerElement,
                     *io.bytesPerRow, *io.allocSize, *io.pixelFormat},
                    {count.get(), one.get(), one.get(), count.get(),
                     count.get(), none.get()});
  CFRef surface = cf.own(io.create(properties.get()));
  if (!surface)
    return makeError(ErrorCode::DeviceFailure,
                     "the system gives no surface of {} bytes", bytes);
  const size_t given = io.allocatedSize(surface.get());
  if (given < static_cast<size_t>(bytes))
    return makeError(ErrorCode::DeviceFailure,
                     "expected a surface of {} bytes, the system gave {}",
                     bytes, given);
  IOMemory memory(std::move(surface), bytes);
  ANEC_ASSIGN(SurfaceLock lock,
              SurfaceLock::take(io, memory.get(), Access::Write));
  std::memset(lock.data(), 0, static_cast<size_t>(bytes));
  return Result<IOMemory>(std::move(memory));
}

Result<SurfaceLock> SurfaceLock::take(const IOSurfaces &surfaces, Id surface,
                                      Access access) {
  const uint32_t options = access == Access::Read ? readOnly : 0;
  if (const int status = surfaces.lock(surface, options, nullptr))
    return makeError(ErrorCode::DeviceFailure,
                     "cannot lock a surface: status {:#x}",
                     static_cast<unsigned>(status));
  return SurfaceLock(surfaces, surface, options);
}

SurfaceLock::~SurfaceLock() {
  if (surface)
    surfaces.unlock(surface, options, nullptr);
}

void *SurfaceLock::data() const { return surfaces.baseAddress(surface); }

} // namespace anec::rt::ane
