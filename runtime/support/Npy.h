//===- Npy.h - NumPy array files --------------------------------*- C++ -*-===//
//
// The .npy format, versions 1 to 3: little-endian arrays of plain numbers.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_NPY_H
#define ANEC_RUNTIME_SUPPORT_NPY_H

#include "runtime/support/AtomicFile.h"
#include "runtime/support/DataType.h"
#include "runtime/support/Span.h"

#include <string>
#include <vector>

namespace anec::rt {

/// Elements in row-major order.
struct NpyArray {
  DataType type = DataType::F32;
  std::vector<int64_t> shape;
  std::vector<uint8_t> bytes;
};

/// InvalidInput, with `name` in the message, for anything but one complete
/// array; Fortran order is brought into row-major order.
Result<NpyArray> parseNpy(Span<const uint8_t> file, const std::string &name);
Result<NpyArray> readNpy(const std::string &path);

/// The whole file beside its place; `commit` puts it there. Unsupported for
/// BF16, which NumPy lacks.
Result<AtomicFile> prepareNpy(const std::string &path, DataType type,
                              const std::vector<int64_t> &shape,
                              Span<const uint8_t> bytes);
/// Replaces the file at once. Unsupported for BF16, which NumPy lacks.
std::optional<Error> writeNpy(const std::string &path, DataType type,
                              const std::vector<int64_t> &shape,
                              Span<const uint8_t> bytes);

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_NPY_H
