//===- FuzzInput.h - Helpers of the fuzz targets ----------------*- C++ -*-===//
//
// Every target reads bytes as a reader of files would. An error is a fine
// answer; a crash, a hang or memory without bounds is not, and neither is an
// answer that contradicts itself, which `require` turns into a crash.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_FUZZ_FUZZINPUT_H
#define ANEC_TEST_FUZZ_FUZZINPUT_H

#include "runtime/support/Span.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace anec::rt::fuzz {

inline std::string_view textOf(const uint8_t *data, size_t size) {
  return {reinterpret_cast<const char *>(data), size};
}

/// Stops with `message` unless `good`.
inline void require(bool good, const std::string &message) {
  if (good)
    return;
  std::fprintf(stderr, "fuzz: %s\n", message.c_str());
  std::abort();
}

/// Reads every byte, so that a sanitizer sees one outside.
inline void touch(Span<const uint8_t> bytes) {
  volatile uint8_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    sum = static_cast<uint8_t>(sum + bytes[i]);
}

/// A folder of this process for readers that open files themselves; removed at
/// the end.
inline const std::string &folder() {
  struct Folder {
    const std::string path = std::filesystem::temp_directory_path().string() +
                             "/anec-fuzz-" + std::to_string(getpid());
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const Folder made;
  return made.path;
}

/// Writes a file below the folder; its path.
inline std::string writeInput(const std::string &name, const uint8_t *data,
                              size_t size) {
  const std::string path = folder() + "/" + name;
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char *>(data),
               static_cast<std::streamsize>(size));
  return path;
}

} // namespace anec::rt::fuzz

#endif // ANEC_TEST_FUZZ_FUZZINPUT_H
