//===- PageBuffer.cpp - Large zeroed memory -------------------------------===//
//
// An anonymous mapping; large ones begin where a huge page does.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/PageBuffer.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace anec::rt {

constexpr size_t hugePage = size_t(2) << 20;

Result<PageBuffer> PageBuffer::create(size_t bytes) {
  const bool isLarge = bytes >= hugePage;
  PageBuffer buffer;
  buffer.mappedBytes = bytes + (isLarge ? hugePage : 0);
  buffer.mapping = ::mmap(nullptr, buffer.mappedBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANON, -1, 0);
  if (buffer.mapping == MAP_FAILED) {
    buffer.mapping = nullptr;
    return makeError(ErrorCode::Io, "cannot get {} bytes of memory: {}", bytes,
                     std::strerror(errno));
  }
  buffer.first = static_cast<uint8_t *>(buffer.mapping);
  if (isLarge) {
    const auto address = reinterpret_cast<uintptr_t>(buffer.mapping);
    buffer.first += (hugePage - address % hugePage) % hugePage;
#ifdef MADV_HUGEPAGE
    // Only a wish; without huge pages everything works as well.
    (void)::madvise(buffer.first, bytes / hugePage * hugePage, MADV_HUGEPAGE);
#endif
  }
  return Result<PageBuffer>(std::move(buffer));
}

PageBuffer::PageBuffer(PageBuffer &&other) noexcept
    : mapping(std::exchange(other.mapping, nullptr)),
      mappedBytes(std::exchange(other.mappedBytes, 0)),
      first(std::exchange(other.first, nullptr)) {}

PageBuffer &PageBuffer::operator=(PageBuffer &&other) noexcept {
  std::swap(mapping, other.mapping);
  std::swap(mappedBytes, other.mappedBytes);
  std::swap(first, other.first);
  return *this;
}

PageBuffer::~PageBuffer() {
  if (mapping)
    ::munmap(mapping, mappedBytes);
}

} // namespace anec::rt
