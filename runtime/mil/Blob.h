//===- Blob.h - Weight files beside a MIL text ------------------*- C++ -*-===//
//
// MILBlob storage, version 2: a file header, then per entry a metadata record
// and its data, both at multiples of 64. Little-endian.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_BLOB_H
#define ANEC_RUNTIME_MIL_BLOB_H

#include "runtime/mil/Ast.h"
#include "runtime/support/Result.h"
#include "runtime/support/Span.h"

#include <string>
#include <vector>

namespace anec::rt::mil {

/// Strict wants what Apple's writer writes. Lenient takes the size from the
/// type, a stored data offset of 0 as "right after the metadata", and any data
/// type code, as some generators write them.
enum class BlobChecks { Lenient, Strict };

/// The bytes of the entry whose metadata is at `offset`, for a constant of
/// `type`. InvalidInput, with `name` in the message, otherwise. What lenient
/// checks forgave is appended to `warnings` unless it is null.
Result<Span<const uint8_t>> findBlob(Span<const uint8_t> file,
                                     const std::string &name, uint64_t offset,
                                     const Type &type, BlobChecks checks,
                                     std::vector<std::string> *warnings);

/// Bytes that `count` elements of `type` take in a file.
int64_t blobBytes(ScalarType type, int64_t count);

/// Makes a file entry by entry.
class BlobWriter {
public:
  BlobWriter();

  /// Appends the elements of a tensor; the offset to write into the text.
  /// `data` has blobBytes(type, count) bytes. Not for bool, fp64, 64-bit
  /// integers and strings, which have no code.
  uint64_t append(ScalarType type, int64_t count, Span<const uint8_t> data);

  /// The file so far.
  const std::vector<uint8_t> &bytes() const { return file; }

private:
  std::vector<uint8_t> file;
  uint32_t count = 0;
};

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_BLOB_H
