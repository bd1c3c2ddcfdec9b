//===- MappedFile.cpp - A file as memory ----------------------------------===//
//
// POSIX mmap; an empty file has no mapping.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/MappedFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace anec::rt {

Result<MappedFile> MappedFile::open(const std::string &path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    // Whoever named a file that is not there gave the wrong name.
    const bool isMissing = errno == ENOENT || errno == ENOTDIR;
    return makeError(isMissing ? ErrorCode::InvalidInput : ErrorCode::Io,
                     "cannot open '{}': {}", path, std::strerror(errno));
  }
  struct stat status;
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return makeError(ErrorCode::InvalidInput, "'{}' is not a regular file",
                     path);
  }
  MappedFile file;
  file.size = static_cast<size_t>(status.st_size);
  if (file.size != 0) {
    void *memory =
        ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    int code = errno;
    if (memory == MAP_FAILED) {
      ::close(descriptor);
      return makeError(ErrorCode::Io, "cannot map '{}': {}", path,
                       std::strerror(code));
    }
    file.data = static_cast<const uint8_t *>(memory);
  }
  ::close(descriptor);
  return Result<MappedFile>(std::move(file));
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : data(std::exchange(other.data, nullptr)),
      size(std::exchange(other.size, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(data, other.data);
  std::swap(size, other.size);
  return *this;
}

MappedFile::~MappedFile() {
  if (data)
    ::munmap(const_cast<uint8_t *>(data), size);
}

} // namespace anec::rt
