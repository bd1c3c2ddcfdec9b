//===- Constants.cpp - Constants of a program in memory -------------------===//
//
// Everything passes through double, which holds each type exactly.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Constants.h"

#include "runtime/device/cpu/Rows.h"

#include <cstring>

namespace anec::rt::cpu {

namespace {

using mil::ScalarType;

/// Exact files have one entry; its metadata follows the header.
constexpr uint64_t firstBlobOffset = 64;

/// Element `index` of packed little-endian integers of `bits` bits.
int64_t packedInteger(Span<const uint8_t> bytes, int64_t index, int64_t bits,
                      bool isSigned) {
  uint64_t number = 0;
  for (int64_t b = 0; b < bits; ++b) {
    const int64_t position = index * bits + b;
    const uint64_t bit =
        bytes[static_cast<size_t>(position / 8)] >> (position % 8) & 1;
    number |= bit << b;
  }
  const bool isNegative = isSigned && (number >> (bits - 1) & 1) != 0;
  return static_cast<int64_t>(number) -
         (isNegative ? int64_t(1) << bits : int64_t(0));
}

template <typename T> T readAs(Span<const uint8_t> bytes, int64_t index) {
  T number;
  std::memcpy(&number, bytes.data() + index * static_cast<int64_t>(sizeof(T)),
              sizeof(T));
  return number;
}

double readElement(Span<const uint8_t> bytes, int64_t index, ScalarType type) {
  switch (type) {
  case ScalarType::FP16:
    return static_cast<double>(readAs<half>(bytes, index));
  case ScalarType::FP32:
    return readAs<float>(bytes, index);
  case ScalarType::BF16: {
    uint32_t bits = uint32_t(readAs<uint16_t>(bytes, index)) << 16;
    float number;
    std::memcpy(&number, &bits, 4);
    return number;
  }
  case ScalarType::Int8:
    return readAs<int8_t>(bytes, index);
  case ScalarType::UInt8:
    return readAs<uint8_t>(bytes, index);
  default:
    return static_cast<double>(packedInteger(
        bytes, index, mil::scalarTypeBits(type), type <= ScalarType::Int64));
  }
}

/// Integers of 32 bits without sign and of 64 bits must fit what stores them.
std::optional<Error> expectRange(double number, ScalarType type) {
  if (!mil::isInteger(type) || mil::scalarTypeBits(type) < 32)
    return std::nullopt;
  const IntegerRange range = integerRange(type);
  if (number >= range.lowest && number <= range.highest)
    return std::nullopt;
  return makeError(ErrorCode::Unsupported,
                   "expected constants of {} from {} to {}, found {}",
                   mil::scalarTypeName(type), range.lowest, range.highest,
                   number);
}

ScalarType scalarOf(ElementType type) {
  return type == ElementType::F16   ? ScalarType::FP16
         : type == ElementType::F32 ? ScalarType::FP32
                                    : ScalarType::FP64;
}

Result<AlignedBuffer<uint8_t>> convertBytes(Span<const uint8_t> bytes,
                                            ScalarType type, int64_t count,
                                            Storage storage) {
  AlignedBuffer<uint8_t> memory(count * storageSize(storage));
  // The usual case needs no conversion.
  const bool isSame = (type == ScalarType::FP16 && storage == Storage::F16) ||
                      (type == ScalarType::FP32 && storage == Storage::F32) ||
                      (type == ScalarType::FP64 && storage == Storage::F64);
  if (isSame) {
    std::memcpy(memory.data(), bytes.data(), bytes.size());
    return Result<AlignedBuffer<uint8_t>>(std::move(memory));
  }
  for (int64_t i = 0; i < count; ++i) {
    const double number = type == ScalarType::FP64
                              ? readAs<double>(bytes, i)
                              : readElement(bytes, i, type);
    ANEC_TRY(expectRange(number, type));
    storeRow<double>(&number, storage, memory.data() + i * storageSize(storage),
                     1, 1);
  }
  return Result<AlignedBuffer<uint8_t>>(std::move(memory));
}

Result<AlignedBuffer<uint8_t>> loadFile(const mil::BlobFile &blob,
                                        const mil::Type &type, Storage storage,
                                        const ProgramFiles &files,
                                        mil::BlobChecks checks,
                                        std::vector<std::string> *warnings) {
  const int64_t count = type.elementCount();
  if (auto baked = files.baked.find(blob.path); baked != files.baked.end()) {
    const ScalarType element = scalarOf(baked->second.type);
    const std::vector<uint8_t> &bytes = baked->second.bytes;
    const int64_t expected = mil::blobBytes(element, count);
    if (static_cast<int64_t>(bytes.size()) != expected ||
        !mil::isFloat(type.element))
      return makeError(ErrorCode::InvalidInput,
                       "expected {} bytes of baked weight '{}' for {}, found "
                       "{}",
                       expected, blob.path, mil::toString(type), bytes.size());
    return convertBytes(bytes, element, count, storage);
  }
  // fp16 storage would round the exact file to the same values.
  auto exact = files.exactBlobs.find(blob.path);
  if (exact != files.exactBlobs.end() && type.element == ScalarType::FP16 &&
      storage != Storage::F16) {
    const mil::Type wide = mil::Type::tensor(ScalarType::FP32, type.dims);
    ANEC_ASSIGN(Span<const uint8_t> bytes,
                mil::findBlob(exact->second, blob.path + " (exact)",
                              firstBlobOffset, wide, checks, warnings));
    return convertBytes(bytes, wide.element, count, storage);
  }
  auto file = files.blobs.find(blob.path);
  if (file == files.blobs.end())
    return makeError(ErrorCode::InvalidInput, "there is no file '{}'",
                     blob.path);
  ANEC_ASSIGN(Span<const uint8_t> bytes,
              mil::findBlob(file->second, blob.path, blob.offset, type, checks,
                            warnings));
  return convertBytes(bytes, type.element, count, storage);
}

} // namespace

std::optional<Error> useExactValues(mil::Function &function,
                                    const ProgramFiles &files) {
  size_t used = 0;
  for (mil::Statement &statement : function.statements) {
    if (statement.op != "const" || statement.results.size() != 1)
      continue;
    const std::string &name = statement.results.front().name;
    auto exact = files.exactValues.find(name);
    if (exact == files.exactValues.end())
      continue;
    for (mil::Attribute &attribute : statement.attributes) {
      if (attribute.name != "val")
        continue;
      auto *values = std::get_if<mil::Value::Floats>(&attribute.value.data);
      if (!values || values->size() != exact->second.size())
        return makeError(ErrorCode::InvalidInput,
                         "{}: expected {} exact values for constant '{}', "
                         "found {}",
                         files.name, values ? values->size() : 0, name,
                         exact->second.size());
      *values = exact->second;
      ++used;
    }
  }
  if (used != files.exactValues.size())
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected exact values for constants of the text, but "
                     "{} of {} name none",
                     files.name, files.exactValues.size() - used,
                     files.exactValues.size());
  return std::nullopt;
}

Result<AlignedBuffer<uint8_t>>
loadConstant(const mil::Value &value, Storage storage,
             const ProgramFiles &files, mil::BlobChecks checks,
             std::vector<std::string> *warnings) {
  if (const mil::BlobFile *blob = value.blob())
    return loadFile(*blob, value.type, storage, files, checks, warnings);
  const int64_t count = value.type.elementCount();
  AlignedBuffer<uint8_t> memory(count * storageSize(storage));
  const int64_t found =
      value.floats()     ? static_cast<int64_t>(value.floats()->size())
      : value.integers() ? static_cast<int64_t>(value.integers()->size())
                         : 0;
  if (found != count)
    return makeError(ErrorCode::InvalidInput,
                     "expected {} elements of {}, found {}", count,
                     mil::toString(value.type), found);
  for (int64_t i = 0; i < count; ++i) {
    const size_t index = static_cast<size_t>(i);
    const double number = value.floats()
                              ? (*value.floats())[index]
                              : static_cast<double>((*value.integers())[index]);
    ANEC_TRY(expectRange(number, value.type.element));
    storeRow<double>(&number, storage, memory.data() + i * storageSize(storage),
                     1, 1);
  }
  return Result<AlignedBuffer<uint8_t>>(std::move(memory));
}

} // namespace anec::rt::cpu
