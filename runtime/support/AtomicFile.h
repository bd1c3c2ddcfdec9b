//===- AtomicFile.h - Files that appear complete ----------------*- C++ -*-===//
//
// A file is written beside its place, synchronised and renamed: whoever opens
// the path sees the old file or the whole new one, also after a crash.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_ATOMICFILE_H
#define ANEC_RUNTIME_SUPPORT_ATOMICFILE_H

#include "runtime/support/Result.h"
#include "runtime/support/Span.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace anec::rt {

/// Without `commit` the destructor removes what was written.
class AtomicFile {
public:
  static Result<AtomicFile> create(const std::string &path);

  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&other) noexcept;
  ~AtomicFile();

  std::optional<Error> write(Span<const uint8_t> bytes);
  std::optional<Error> write(std::string_view text);
  /// Replaces the file at the path. Nothing may follow.
  std::optional<Error> commit();

private:
  AtomicFile() = default;
  Error failure(const char *action) const;

  std::string path, temporary;
  int descriptor = -1;
};

/// The three steps at once.
std::optional<Error> writeFileAtomically(const std::string &path,
                                         Span<const uint8_t> bytes);
std::optional<Error> writeFileAtomically(const std::string &path,
                                         std::string_view text);

/// Makes the entries of a folder durable, as after a rename inside it.
std::optional<Error> syncFolder(const std::string &path);

/// The whole file.
Result<std::string> readFile(const std::string &path);

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_ATOMICFILE_H
