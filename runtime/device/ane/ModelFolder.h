//===- ModelFolder.h - The files of a model ---------------------*- C++ -*-===//
//
// The compiler service reads text and weights from a folder below the
// temporary one that is named after the model.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_MODELFOLDER_H
#define ANEC_RUNTIME_DEVICE_ANE_MODELFOLDER_H

#include "runtime/support/Result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace anec::rt::ane {

/// Blob files by their path in the text.
using Blobs = std::map<std::string, std::vector<uint8_t>>;

/// Removes the folder when the last owner is gone.
class ModelFolder {
public:
  /// Makes model.mil and weights/. Models of one process with the same path
  /// share the folder; DeviceFailure when their files differ, because then the
  /// system does not tell their weights apart. Io when the disk refuses,
  /// InvalidInput when a blob would be outside.
  static Result<std::shared_ptr<ModelFolder>>
  create(const std::string &path, const std::string &text, const Blobs &blobs);

  ModelFolder(const ModelFolder &) = delete;
  ModelFolder &operator=(const ModelFolder &) = delete;
  ~ModelFolder();

  /// What the compiler left, which a model with other weights can be loaded
  /// from; empty when it left none.
  std::string compiledPlist() const;
  std::optional<Error> writePlist(const std::string &plist) const;

  /// The files that were written.
  Result<std::string> text() const;
  Result<Blobs> blobs() const;

private:
  explicit ModelFolder(std::string path) : path(std::move(path)) {}
  std::optional<Error> write(const std::string &text, const Blobs &blobs);
  bool holds(const std::string &text, const Blobs &blobs) const;

  std::string path;
  /// Paths in the text.
  std::vector<std::string> names;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_MODELFOLDER_H
