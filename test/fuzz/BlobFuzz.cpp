//===- BlobFuzz.cpp - Any bytes as a weight file --------------------------===//
//
// Bytes 0 to 7 say what is looked for: element type, strictness, two sizes,
// the offset; the file follows.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Blob.h"
#include "test/fuzz/FuzzInput.h"

#include <cstring>

using namespace anec::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  constexpr size_t head = 8;
  if (size < head)
    return -1;
  const auto element = static_cast<mil::ScalarType>(
      data[0] % (static_cast<int>(mil::ScalarType::String) + 1));
  // Every tenth size is as large as the reader of MIL text lets through.
  auto sizeFrom = [](uint8_t byte) {
    return byte % 10 == 9 ? int64_t(1) << (byte % 25) : int64_t(byte % 40);
  };
  const mil::Type type =
      mil::Type::tensor(element, {sizeFrom(data[2]), sizeFrom(data[3])});
  uint32_t offset;
  std::memcpy(&offset, data + 4, sizeof(offset));
  // Beyond 32 bits too.
  const uint64_t wide = data[1] & 2 ? ~uint64_t(0) - offset : offset;
  const auto checks =
      data[1] & 1 ? mil::BlobChecks::Strict : mil::BlobChecks::Lenient;
  const Span<const uint8_t> file(data + head, size - head);
  std::vector<std::string> warnings;
  auto found = mil::findBlob(file, "fuzz.bin", wide, type, checks, &warnings);
  if (!found)
    return 0;
  fuzz::require(found->data() >= file.data() && found->size() <= file.size() &&
                    found->data() + found->size() <= file.data() + file.size(),
                "the entry is not inside the file");
  fuzz::require(static_cast<int64_t>(found->size()) ==
                    mil::blobBytes(element, type.elementCount()),
                "the entry has another size than the type");
  fuzz::touch(*found);
  return 0;
}
