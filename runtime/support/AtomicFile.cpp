//===- AtomicFile.cpp - Files that appear complete ------------------------===//
//
// POSIX files: mkstemp, write, fsync, rename, fsync of the folder.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/AtomicFile.h"

#include "runtime/support/MappedFile.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace anec::rt {

Error AtomicFile::failure(const char *action) const {
  return makeError(ErrorCode::Io, "cannot {} '{}': {}", action, path,
                   std::strerror(errno));
}

Result<AtomicFile> AtomicFile::create(const std::string &path) {
  AtomicFile file;
  file.path = path;
  file.temporary = path + ".XXXXXX";
  file.descriptor = ::mkstemp(file.temporary.data());
  if (file.descriptor < 0) {
    file.temporary.clear();
    return file.failure("create");
  }
  // mkstemp makes private files; people expect the usual permissions.
  ::fchmod(file.descriptor, 0644);
  return Result<AtomicFile>(std::move(file));
}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : path(std::move(other.path)),
      temporary(std::exchange(other.temporary, std::string())),
      descriptor(std::exchange(other.descriptor, -1)) {}

AtomicFile &AtomicFile::operator=(AtomicFile &&other) noexcept {
  std::swap(path, other.path);
  std::swap(temporary, other.temporary);
  std::swap(descriptor, other.descriptor);
  return *this;
}

AtomicFile::~AtomicFile() {
  if (descriptor >= 0)
    ::close(descriptor);
  if (!temporary.empty())
    ::unlink(temporary.c_str());
}

std::optional<Error> AtomicFile::write(Span<const uint8_t> bytes) {
  // Some systems refuse single writes of more than 2 GiB.
  constexpr size_t largest = size_t(1) << 30;
  for (size_t done = 0; done < bytes.size();) {
    size_t length = std::min(bytes.size() - done, largest);
    ssize_t written = ::write(descriptor, bytes.data() + done, length);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return failure("write");
    done += static_cast<size_t>(written);
  }
  return std::nullopt;
}

std::optional<Error> AtomicFile::write(std::string_view text) {
  return write(Span<const uint8_t>(
      reinterpret_cast<const uint8_t *>(text.data()), text.size()));
}

std::optional<Error> AtomicFile::commit() {
  if (::fsync(descriptor) != 0)
    return failure("synchronise");
  int closed = ::close(std::exchange(descriptor, -1));
  if (closed != 0)
    return failure("close");
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    return failure("replace");
  temporary.clear();
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return syncFolder(".");
  return syncFolder(slash == 0 ? "/" : path.substr(0, slash));
}

std::optional<Error> writeFileAtomically(const std::string &path,
                                         Span<const uint8_t> bytes) {
  ANEC_ASSIGN(AtomicFile file, AtomicFile::create(path));
  ANEC_TRY(file.write(bytes));
  return file.commit();
}

std::optional<Error> writeFileAtomically(const std::string &path,
                                         std::string_view text) {
  return writeFileAtomically(
      path, Span<const uint8_t>(reinterpret_cast<const uint8_t *>(text.data()),
                                text.size()));
}

std::optional<Error> syncFolder(const std::string &path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return makeError(ErrorCode::Io, "cannot open folder '{}': {}", path,
                     std::strerror(errno));
  int status = ::fsync(descriptor);
  int code = errno;
  ::close(descriptor);
  // Some file systems cannot synchronise folders.
  if (status != 0 && code != EINVAL && code != ENOTSUP)
    return makeError(ErrorCode::Io, "cannot synchronise folder '{}': {}", path,
                     std::strerror(code));
  return std::nullopt;
}

Result<std::string> readFile(const std::string &path) {
  ANEC_ASSIGN(MappedFile file, MappedFile::open(path));
  Span<const uint8_t> bytes = file.bytes();
  return std::string(bytes.begin(), bytes.end());
}

} // namespace anec::rt
