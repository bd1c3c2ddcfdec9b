//===- MappedFile.h - A file as memory --------------------------*- C++ -*-===//
//
// Read-only access to a whole file without copying it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_MAPPEDFILE_H
#define ANEC_RUNTIME_SUPPORT_MAPPEDFILE_H

#include "runtime/support/Result.h"
#include "runtime/support/Span.h"

#include <cstdint>
#include <string>

namespace anec::rt {

/// The bytes are valid as long as the object; moving it keeps them in place.
class MappedFile {
public:
  /// Io when the file cannot be opened, InvalidInput when it is not a regular
  /// file.
  static Result<MappedFile> open(const std::string &path);

  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  Span<const uint8_t> bytes() const { return {data, size}; }

private:
  const uint8_t *data = nullptr;
  size_t size = 0;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_MAPPEDFILE_H
