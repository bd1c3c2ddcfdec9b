//===- Surfaces.cpp - The functions of IOSurface --------------------------===//

#include "test/standin/Surfaces.h"

#include <sys/mman.h>

using namespace anec::standin;

namespace anec::standin {

SharedSurface::SharedSurface(size_t bytes)
    : Object(classNamed("IOSurface")), bytes(bytes) {
  memory = static_cast<uint8_t *>(
      mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

SharedSurface::~SharedSurface() {
  if (readers || writers)
    world().violation("a surface is released while it is locked");
  munmap(memory, bytes);
}

void SharedSurface::protect(int protection) {
  mprotect(memory, bytes, protection);
}

} // namespace anec::standin

namespace {

constexpr uint32_t readOnly = 1;

Object *constant(const char *text) {
  Object *string = new String(text);
  string->isImmortal = true;
  return string;
}

int protectionOf(const SharedSurface &surface) {
  if (surface.writers)
    return PROT_READ | PROT_WRITE;
  return surface.readers ? PROT_READ : PROT_NONE;
}

} // namespace

STANDIN_EXPORT Object *const kIOSurfaceWidth = constant("IOSurfaceWidth");
STANDIN_EXPORT Object *const kIOSurfaceHeight = constant("IOSurfaceHeight");
STANDIN_EXPORT Object *const kIOSurfaceBytesPerElement =
    constant("IOSurfaceBytesPerElement");
STANDIN_EXPORT Object *const kIOSurfaceBytesPerRow =
    constant("IOSurfaceBytesPerRow");
STANDIN_EXPORT Object *const kIOSurfaceAllocSize =
    constant("IOSurfaceAllocSize");
STANDIN_EXPORT Object *const kIOSurfacePixelFormat =
    constant("IOSurfacePixelFormat");

STANDIN_EXPORT Object *IOSurfaceCreate(const void *address) {
  if (world().behaviour.surfaceNil)
    return nullptr;
  const auto *properties = checked<Dictionary>(address, "IOSurfaceCreate");
  if (!properties)
    return nullptr;
  auto number = [&](const char *key) -> int64_t {
    const auto *value = dynamic_cast<Number *>(properties->find(key));
    return value ? value->value : -1;
  };
  const int64_t bytes = number("IOSurfaceAllocSize");
  if (bytes <= 0 || number("IOSurfaceWidth") != bytes ||
      number("IOSurfaceBytesPerRow") != bytes ||
      number("IOSurfaceHeight") != 1 ||
      number("IOSurfaceBytesPerElement") != 1 ||
      number("IOSurfacePixelFormat") != 0) {
    world().violation("IOSurfaceCreate: not the form that is proven");
    return nullptr;
  }
  world().count("IOSurfaceCreate");
  return new SharedSurface(static_cast<size_t>(bytes));
}

STANDIN_EXPORT int IOSurfaceLock(const void *address, uint32_t options,
                                 uint32_t *) {
  const std::lock_guard<std::recursive_mutex> guard(world().mutex);
  auto *surface = checked<SharedSurface>(address, "IOSurfaceLock");
  if (!surface)
    return -1;
  ++(options & readOnly ? surface->readers : surface->writers);
  surface->protect(protectionOf(*surface));
  return 0;
}

STANDIN_EXPORT int IOSurfaceUnlock(const void *address, uint32_t options,
                                   uint32_t *) {
  const std::lock_guard<std::recursive_mutex> guard(world().mutex);
  auto *surface = checked<SharedSurface>(address, "IOSurfaceUnlock");
  if (!surface)
    return -1;
  int &held = options & readOnly ? surface->readers : surface->writers;
  if (held == 0) {
    world().violation("IOSurfaceUnlock: with other options than the lock");
    return -1;
  }
  --held;
  surface->protect(protectionOf(*surface));
  return 0;
}

STANDIN_EXPORT void *IOSurfaceGetBaseAddress(const void *address) {
  auto *surface = checked<SharedSurface>(address, "IOSurfaceGetBaseAddress");
  if (!surface)
    return nullptr;
  if (!surface->readers && !surface->writers)
    world().violation("IOSurfaceGetBaseAddress: the surface is not locked");
  return surface->memory;
}

STANDIN_EXPORT size_t IOSurfaceGetAllocSize(const void *address) {
  const auto *surface =
      checked<SharedSurface>(address, "IOSurfaceGetAllocSize");
  return surface ? surface->bytes : 0;
}
