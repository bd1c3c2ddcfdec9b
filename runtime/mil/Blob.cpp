//===- Blob.cpp - Weight files beside a MIL text --------------------------===//
//
// Bytes are put together and taken apart one by one, so that the host's order
// does not matter.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Blob.h"

#include <array>
#include <cassert>

namespace anec::rt::mil {

namespace {

constexpr uint64_t alignment = 64, recordBytes = 64;
constexpr uint32_t version = 2, sentinel = 0xDEADBEEF;

// Codes 1, 2, ...; fp8 types (16 and 17) have no name in the text.
constexpr std::array<ScalarType, 15> codes = {
    ScalarType::FP16,  ScalarType::FP32,  ScalarType::UInt8,  ScalarType::Int8,
    ScalarType::BF16,  ScalarType::Int16, ScalarType::UInt16, ScalarType::Int4,
    ScalarType::UInt1, ScalarType::UInt2, ScalarType::UInt4,  ScalarType::UInt3,
    ScalarType::UInt6, ScalarType::Int32, ScalarType::UInt32};

/// 0 for types without a code.
uint32_t codeOf(ScalarType type) {
  for (size_t i = 0; i < codes.size(); ++i)
    if (codes[i] == type)
      return static_cast<uint32_t>(i + 1);
  return 0;
}

uint64_t load(Span<const uint8_t> bytes, uint64_t position, int size) {
  uint64_t value = 0;
  for (int i = 0; i < size; ++i)
    value |= uint64_t(bytes[position + static_cast<uint64_t>(i)]) << (8 * i);
  return value;
}

void store(std::vector<uint8_t> &bytes, uint64_t position, uint64_t value,
           int size) {
  for (int i = 0; i < size; ++i)
    bytes[position + static_cast<uint64_t>(i)] =
        static_cast<uint8_t>(value >> (8 * i));
}

struct Record {
  uint64_t code, size, dataOffset, padding;
};

} // namespace

int64_t blobBytes(ScalarType type, int64_t count) {
  return (count * scalarTypeBits(type) + 7) / 8;
}

/// Everything that Apple's writer would have written differently.
static std::vector<std::string> deviations(const Record &record,
                                           uint64_t offset, const Type &type,
                                           uint64_t bytes, uint64_t count) {
  std::vector<std::string> found;
  if (count == 0)
    found.push_back("expected a count of entries, found 0");
  uint32_t code = codeOf(type.element);
  if (record.code != code)
    found.push_back(fmt::format("expected data type code {} ({}), found {}",
                                code, scalarTypeName(type.element),
                                record.code));
  if (record.size != bytes)
    found.push_back(fmt::format("expected a stored size of {}, found {}", bytes,
                                record.size));
  if (offset % alignment != 0 || record.dataOffset % alignment != 0)
    found.push_back(fmt::format("expected offsets at multiples of 64, found "
                                "{} and {}",
                                offset, record.dataOffset));
  if (record.dataOffset == 0)
    found.push_back("expected a data offset, found 0");
  uint64_t bits = static_cast<uint64_t>(type.elementCount()) *
                  static_cast<uint64_t>(scalarTypeBits(type.element));
  if (record.padding != bytes * 8 - bits)
    found.push_back(fmt::format("expected {} padding bits, found {}",
                                bytes * 8 - bits, record.padding));
  return found;
}

Result<Span<const uint8_t>> findBlob(Span<const uint8_t> file,
                                     const std::string &name, uint64_t offset,
                                     const Type &type, BlobChecks checks,
                                     std::vector<std::string> *warnings) {
  auto invalid = [&](const std::string &message) {
    return makeError(ErrorCode::InvalidInput, "{}, entry at {}: {}", name,
                     offset, message);
  };
  if (!type.isTensorLike() || type.elementCount() == dynamicSize ||
      codeOf(type.element) == 0)
    return invalid("a file cannot hold '" + toString(type) + "'");
  if (file.size() < 64 || load(file, 4, 4) != version)
    return invalid("expected a weight file of version 2");
  if (offset > file.size() || file.size() - offset < recordBytes)
    return invalid(fmt::format("expected 64 bytes of metadata, but the file "
                               "ends at {}",
                               file.size()));
  if (load(file, offset, 4) != sentinel)
    return invalid("expected metadata, found no 0xdeadbeef");
  Record record = {load(file, offset + 4, 4), load(file, offset + 8, 8),
                   load(file, offset + 16, 8), load(file, offset + 24, 8)};

  uint64_t bytes =
      static_cast<uint64_t>(blobBytes(type.element, type.elementCount()));
  std::vector<std::string> found =
      deviations(record, offset, type, bytes, load(file, 0, 4));
  if (!found.empty() && checks == BlobChecks::Strict)
    return invalid(fmt::format("{}", fmt::join(found, "; ")));
  if (warnings)
    for (const std::string &deviation : found)
      warnings->push_back(
          fmt::format("{}, entry at {}: {}", name, offset, deviation));
  uint64_t start =
      record.dataOffset != 0 ? record.dataOffset : offset + recordBytes;
  if (start > file.size() || file.size() - start < bytes)
    return invalid(fmt::format("expected {} bytes at {}, but the file ends at "
                               "{}",
                               bytes, start, file.size()));
  return file.subspan(start, bytes);
}

BlobWriter::BlobWriter() : file(64, 0) { store(file, 4, version, 4); }

uint64_t BlobWriter::append(ScalarType type, int64_t elements,
                            Span<const uint8_t> data) {
  assert(codeOf(type) != 0 && "type has no place in a weight file");
  assert(static_cast<int64_t>(data.size()) == blobBytes(type, elements) &&
         "wrong number of bytes");
  uint64_t offset = (file.size() + alignment - 1) / alignment * alignment;
  file.resize(offset + recordBytes, 0);
  uint64_t bits = static_cast<uint64_t>(elements * scalarTypeBits(type));
  store(file, offset, sentinel, 4);
  store(file, offset + 4, codeOf(type), 4);
  store(file, offset + 8, data.size(), 8);
  store(file, offset + 16, offset + recordBytes, 8);
  store(file, offset + 24, data.size() * 8 - bits, 8);
  file.insert(file.end(), data.begin(), data.end());
  store(file, 0, ++count, 4);
  return offset;
}

} // namespace anec::rt::mil
