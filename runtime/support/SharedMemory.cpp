//===- SharedMemory.cpp - Memory that outlives a process ------------------===//
//
// memfd_create on Linux; elsewhere a POSIX shared memory object that loses its
// name at once (macOS has no other; that branch has never run).
//
//===----------------------------------------------------------------------===//
#include "runtime/support/SharedMemory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace anec::rt {

static Error systemError(const char *action) {
  return makeError(ErrorCode::Io, "cannot {} shared memory: {}", action,
                   std::strerror(errno));
}

static int openAnonymous() {
#ifdef __linux__
  return ::memfd_create("anec-handover", MFD_CLOEXEC);
#else
  const std::string name = fmt::format("/anec-{}", ::getpid());
  const int descriptor =
      ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  if (descriptor >= 0)
    ::shm_unlink(name.c_str());
  return descriptor;
#endif
}

SharedMemory::SharedMemory(SharedMemory &&other) noexcept
    : descriptor(std::exchange(other.descriptor, -1)),
      data(std::exchange(other.data, nullptr)),
      size(std::exchange(other.size, 0)) {}

SharedMemory &SharedMemory::operator=(SharedMemory &&other) noexcept {
  std::swap(descriptor, other.descriptor);
  std::swap(data, other.data);
  std::swap(size, other.size);
  return *this;
}

SharedMemory::~SharedMemory() {
  if (data)
    ::munmap(data, size);
  if (descriptor >= 0)
    ::close(descriptor);
}

std::optional<Error> SharedMemory::map(size_t length) {
  if (length == 0)
    return std::nullopt;
  void *memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED,
                        descriptor, 0);
  if (memory == MAP_FAILED)
    return systemError("map");
  data = static_cast<uint8_t *>(memory);
  size = length;
  return std::nullopt;
}

Result<SharedMemory> SharedMemory::create(size_t size) {
  SharedMemory memory;
  memory.descriptor = openAnonymous();
  if (memory.descriptor < 0)
    return systemError("create");
  if (::ftruncate(memory.descriptor, static_cast<off_t>(size)) != 0)
    return systemError("size");
  ANEC_TRY(memory.map(size));
  return Result<SharedMemory>(std::move(memory));
}

Result<SharedMemory> SharedMemory::adopt(int descriptor) {
  struct stat status{};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0 ||
      status.st_nlink != 0 || S_ISDIR(status.st_mode))
    return makeError(ErrorCode::InvalidInput,
                     "expects shared memory as descriptor {}, which another "
                     "process left",
                     descriptor);
  SharedMemory memory;
  memory.descriptor = descriptor;
  ANEC_TRY(setInherited(descriptor, false));
  ANEC_TRY(memory.map(static_cast<size_t>(status.st_size)));
  return Result<SharedMemory>(std::move(memory));
}

Result<int> SharedMemory::release() {
  ANEC_TRY(setInherited(descriptor, true));
  return std::exchange(descriptor, -1);
}

std::optional<Error> setInherited(int descriptor, bool inherited) {
  const int flags = ::fcntl(descriptor, F_GETFD);
  if (flags < 0 ||
      ::fcntl(descriptor, F_SETFD,
              inherited ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC) != 0)
    return makeError(ErrorCode::Io, "cannot hand over descriptor {}: {}",
                     descriptor, std::strerror(errno));
  return std::nullopt;
}

} // namespace anec::rt
