//===- Safetensors.h - Named tensors in one file ----------------*- C++ -*-===//
//
// The safetensors format: a JSON header, then the tensors' bytes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_SAFETENSORS_H
#define ANEC_RUNTIME_SUPPORT_SAFETENSORS_H

#include "runtime/support/DataType.h"
#include "runtime/support/MappedFile.h"
#include "runtime/support/Span.h"

#include <map>
#include <string>
#include <vector>

namespace anec::rt {

/// A tensor in row-major order; the bytes belong to somebody else.
struct TensorView {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  Span<const uint8_t> bytes;
};

/// An open file; its views are valid as long as it is.
class SafetensorsFile {
public:
  /// Checks the whole header: types, shapes, and that the tensors lie in the
  /// file without overlap or holes. InvalidInput otherwise.
  static Result<SafetensorsFile> open(const std::string &path);
  /// The same for bytes that outlive the result; errors call them `name`.
  static Result<SafetensorsFile> read(Span<const uint8_t> bytes,
                                      const std::string &name);

  const std::map<std::string, TensorView> &tensors() const { return entries; }
  const std::map<std::string, std::string> &metadata() const { return notes; }
  /// Null when there is none of this name.
  const TensorView *find(const std::string &name) const;

private:
  std::optional<Error> readHeader(Span<const uint8_t> bytes,
                                  const std::string &path);

  MappedFile file;
  std::map<std::string, TensorView> entries;
  std::map<std::string, std::string> notes;
};

/// A tensor to write.
struct NamedTensor {
  std::string name;
  TensorView tensor;
};

/// What such a file with these tensors begins with, and its whole size. Errors
/// name `path`.
struct SafetensorsHeader {
  std::string text;
  size_t fileBytes = 0;
};
Result<SafetensorsHeader>
safetensorsHeader(const std::string &path,
                  const std::vector<NamedTensor> &tensors,
                  const std::map<std::string, std::string> &metadata = {});

/// Writes the tensors in the order given and replaces the file at once.
std::optional<Error>
writeSafetensors(const std::string &path,
                 const std::vector<NamedTensor> &tensors,
                 const std::map<std::string, std::string> &metadata = {});

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_SAFETENSORS_H
