//===- ValueConverter.cpp - Types and constants of a model file -----------===//
//
// The element type decides which arm holds the elements; another arm is an
// error, never a conversion. Recursion is as deep as the parser allowed.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Blob.h"
#include "runtime/mil/Builder.h"
#include "runtime/package/ProgramConverter.h"
#include "runtime/support/Half.h"

#include <cstring>

namespace anec::rt::package {

using mil::ScalarType;
using mil::Type;
using mil::Value;

namespace {

/// As in MIL texts: no useful tensor is larger.
constexpr int64_t maxElements = int64_t(1) << 48;

Result<ScalarType> convertScalar(coreml::DataType type) {
  switch (type) {
  case coreml::TYPE_BOOL:
    return ScalarType::Bool;
  case coreml::TYPE_STRING:
    return ScalarType::String;
  case coreml::TYPE_FLOAT16:
    return ScalarType::FP16;
  case coreml::TYPE_FLOAT32:
    return ScalarType::FP32;
  case coreml::TYPE_FLOAT64:
    return ScalarType::FP64;
  case coreml::TYPE_BFLOAT16:
    return ScalarType::BF16;
  case coreml::TYPE_INT4:
    return ScalarType::Int4;
  case coreml::TYPE_INT8:
    return ScalarType::Int8;
  case coreml::TYPE_INT16:
    return ScalarType::Int16;
  case coreml::TYPE_INT32:
    return ScalarType::Int32;
  case coreml::TYPE_INT64:
    return ScalarType::Int64;
  case coreml::TYPE_UINT1:
    return ScalarType::UInt1;
  case coreml::TYPE_UINT2:
    return ScalarType::UInt2;
  case coreml::TYPE_UINT3:
    return ScalarType::UInt3;
  case coreml::TYPE_UINT4:
    return ScalarType::UInt4;
  case coreml::TYPE_UINT6:
    return ScalarType::UInt6;
  case coreml::TYPE_UINT8:
    return ScalarType::UInt8;
  case coreml::TYPE_UINT16:
    return ScalarType::UInt16;
  case coreml::TYPE_UINT32:
    return ScalarType::UInt32;
  case coreml::TYPE_UINT64:
    return ScalarType::UInt64;
  default:
    return makeError(ErrorCode::Unsupported,
                     "expected a known element type, found number {}",
                     static_cast<int>(type));
  }
}

Result<int64_t> convertSize(const coreml::Dimension &dimension) {
  if (dimension.has_constant()) {
    const uint64_t size = dimension.constant().size();
    if (size > uint64_t(maxElements))
      return invalid("expected a size of at most 2^48, found {}", size);
    return static_cast<int64_t>(size);
  }
  if (!dimension.has_unknown())
    return invalid("expected a size, found none");
  if (dimension.unknown().variadic())
    return makeError(ErrorCode::Unsupported,
                     "types of any rank are not supported");
  return mil::dynamicSize;
}

Result<Type> convertTensor(const coreml::TensorType &type) {
  ANEC_ASSIGN(ScalarType element, convertScalar(type.data_type()));
  if (type.rank() != type.dimensions_size())
    return invalid("expected {} dimensions as the rank says, found {}",
                   type.rank(), type.dimensions_size());
  if (type.rank() == 0)
    return Type::scalar(element);
  std::vector<int64_t> dims;
  int64_t count = 1;
  for (const coreml::Dimension &dimension : type.dimensions()) {
    ANEC_ASSIGN(int64_t size, convertSize(dimension));
    if (size > 0 && count > maxElements / size)
      return invalid("expected a tensor of at most 2^48 elements");
    count *= size > 0 ? size : 1;
    dims.push_back(size);
  }
  return Type::tensor(element, std::move(dims));
}

/// Whether an integer of `type`, whose elements take up to 64 bits, fits.
bool isInRange(ScalarType type, int64_t value) {
  const int64_t bits = mil::scalarTypeBits(type);
  if (bits == 64)
    return true; // uint64 is kept as its bit pattern.
  const bool isSigned = type == ScalarType::Int16 || type == ScalarType::Int32;
  const int64_t low = isSigned ? -(int64_t(1) << (bits - 1)) : 0;
  const int64_t high = (int64_t(1) << (isSigned ? bits - 1 : bits)) - 1;
  return value >= low && value <= high;
}

/// Which arm of the message holds elements of `type`.
coreml::TensorValue::ValueCase armOf(ScalarType type) {
  switch (type) {
  case ScalarType::Bool:
    return coreml::TensorValue::kBools;
  case ScalarType::String:
    return coreml::TensorValue::kStrings;
  case ScalarType::FP32:
    return coreml::TensorValue::kFloats;
  case ScalarType::FP64:
    return coreml::TensorValue::kDoubles;
  case ScalarType::Int16:
  case ScalarType::UInt16:
  case ScalarType::Int32:
    return coreml::TensorValue::kInts;
  case ScalarType::Int64:
  case ScalarType::UInt64:
    return coreml::TensorValue::kLongInts;
  default:
    return coreml::TensorValue::kBytes;
  }
}

double floatAt(const char *bytes, ScalarType type, int64_t index) {
  uint16_t bits = 0;
  std::memcpy(&bits, bytes + index * 2, 2);
  if (type == ScalarType::BF16) {
    const uint32_t wide = uint32_t(bits) << 16;
    float value = 0;
    std::memcpy(&value, &wide, 4);
    return value;
  }
  half value = 0;
  std::memcpy(&value, &bits, 2);
  return static_cast<double>(value);
}

/// Elements narrower than a byte follow each other from the lowest bit on and
/// may cross bytes.
int64_t integerAt(const char *bytes, ScalarType type, int64_t index) {
  const int64_t bits = mil::scalarTypeBits(type);
  uint64_t value = 0;
  for (int64_t bit = 0; bit < bits; ++bit) {
    const int64_t place = index * bits + bit;
    const auto byte = static_cast<uint8_t>(bytes[place / 8]);
    value |= uint64_t((byte >> (place % 8)) & 1) << bit;
  }
  const bool isSigned = type == ScalarType::Int4 || type == ScalarType::Int8;
  if (isSigned && (value >> (bits - 1)) != 0)
    return static_cast<int64_t>(value) - (int64_t(1) << bits);
  return static_cast<int64_t>(value);
}

std::optional<Error> readBytes(const std::string &bytes, int64_t count,
                               Value &value) {
  const ScalarType type = value.type.element;
  const int64_t wanted = mil::blobBytes(type, count);
  if (static_cast<int64_t>(bytes.size()) != wanted)
    return invalid("expected {} bytes for a value of type '{}', found {}",
                   wanted, mil::toString(value.type), bytes.size());
  if (mil::isFloat(type)) {
    Value::Floats floats;
    for (int64_t i = 0; i < count; ++i)
      floats.push_back(floatAt(bytes.data(), type, i));
    value.data = std::move(floats);
    return std::nullopt;
  }
  Value::Integers integers;
  for (int64_t i = 0; i < count; ++i)
    integers.push_back(integerAt(bytes.data(), type, i));
  value.data = std::move(integers);
  return std::nullopt;
}

/// The values of one arm as `Elements`.
template <typename Elements, typename Values>
std::optional<Error> readElements(const Values &values, int64_t count,
                                  Value &value) {
  if (values.size() != count)
    return invalid("expected {} elements for a value of type '{}', found {}",
                   count, mil::toString(value.type), values.size());
  value.data = Elements(values.begin(), values.end());
  if (const Value::Integers *integers = value.integers())
    for (int64_t integer : *integers)
      if (value.type.element != ScalarType::Bool &&
          !isInRange(value.type.element, integer))
        return invalid("expected elements of type '{}', found {}",
                       mil::toString(value.type), integer);
  return std::nullopt;
}

Result<Value> convertImmediate(Type type, const coreml::TensorValue &tensor) {
  const int64_t count = type.elementCount();
  if (count == mil::dynamicSize)
    return invalid("expected known sizes of a constant, found '{}'",
                   mil::toString(type));
  Value value;
  value.type = std::move(type);
  const auto arm = tensor.value_case();
  if (arm != armOf(value.type.element))
    return invalid("expected the elements of a '{}' in field {}, found {}",
                   mil::toString(value.type),
                   static_cast<int>(armOf(value.type.element)),
                   arm == coreml::TensorValue::VALUE_NOT_SET
                       ? "none"
                       : fmt::format("field {}", static_cast<int>(arm)));
  switch (arm) {
  case coreml::TensorValue::kFloats:
    ANEC_TRY(
        readElements<Value::Floats>(tensor.floats().values(), count, value));
    break;
  case coreml::TensorValue::kDoubles:
    ANEC_TRY(
        readElements<Value::Floats>(tensor.doubles().values(), count, value));
    break;
  case coreml::TensorValue::kInts:
    ANEC_TRY(
        readElements<Value::Integers>(tensor.ints().values(), count, value));
    break;
  case coreml::TensorValue::kLongInts:
    ANEC_TRY(readElements<Value::Integers>(tensor.long_ints().values(), count,
                                           value));
    break;
  case coreml::TensorValue::kBools:
    ANEC_TRY(
        readElements<Value::Integers>(tensor.bools().values(), count, value));
    break;
  case coreml::TensorValue::kStrings:
    ANEC_TRY(
        readElements<Value::Strings>(tensor.strings().values(), count, value));
    break;
  default:
    ANEC_TRY(readBytes(tensor.bytes().values(), count, value));
  }
  return Result<Value>(std::move(value));
}

std::optional<Error> addMember(const coreml::Value &member, const Type &wanted,
                               Value::Members &members) {
  ANEC_ASSIGN(Value value, convertValue(member));
  if (!mil::sameType(value.type, wanted))
    return invalid("expected a member of type '{}', found '{}'",
                   mil::toString(wanted), mil::toString(value.type));
  members.push_back(std::move(value));
  return std::nullopt;
}

std::optional<Error> readMembers(const coreml::ImmediateValue &immediate,
                                 Value &value) {
  const Type &type = value.type;
  Value::Members members;
  if (type.kind == Type::Kind::List && immediate.has_list()) {
    for (const coreml::Value &member : immediate.list().values())
      ANEC_TRY(addMember(member, type.arguments[0], members));
    if (type.length != mil::dynamicSize &&
        type.length != static_cast<int64_t>(members.size()))
      return invalid("expected {} values in the list, found {}", type.length,
                     members.size());
  } else if (type.kind == Type::Kind::Dict && immediate.has_dictionary()) {
    for (const auto &pair : immediate.dictionary().values()) {
      ANEC_TRY(addMember(pair.key(), type.arguments[0], members));
      ANEC_TRY(addMember(pair.value(), type.arguments[1], members));
    }
  } else if (type.kind == Type::Kind::Tuple && immediate.has_tuple() &&
             immediate.tuple().values_size() ==
                 static_cast<int>(type.arguments.size())) {
    for (size_t i = 0; i < type.arguments.size(); ++i)
      ANEC_TRY(addMember(immediate.tuple().values(static_cast<int>(i)),
                         type.arguments[i], members));
  } else {
    return invalid("expected a value of type '{}', found another kind",
                   mil::toString(type));
  }
  value.data = std::move(members);
  return std::nullopt;
}

} // namespace

Result<Type> convertType(const coreml::ValueType &type) {
  switch (type.type_case()) {
  case coreml::ValueType::kTensor:
    return convertTensor(type.tensor());
  case coreml::ValueType::kList: {
    ANEC_ASSIGN(Type element, convertType(type.list().type()));
    ANEC_ASSIGN(int64_t length, convertSize(type.list().length()));
    return Type::list(std::move(element), length);
  }
  case coreml::ValueType::kTuple: {
    std::vector<Type> members;
    for (const coreml::ValueType &member : type.tuple().types()) {
      ANEC_ASSIGN(Type converted, convertType(member));
      members.push_back(std::move(converted));
    }
    return Type::tuple(std::move(members));
  }
  case coreml::ValueType::kDictionary: {
    ANEC_ASSIGN(Type key, convertType(type.dictionary().key()));
    ANEC_ASSIGN(Type value, convertType(type.dictionary().value()));
    return Type::dict(std::move(key), std::move(value));
  }
  case coreml::ValueType::kState: {
    ANEC_ASSIGN(Type content, convertType(type.state().wrapped()));
    return Type::state(std::move(content));
  }
  default:
    return invalid("expected a type, found none");
  }
}

Result<Value> convertValue(const coreml::Value &value) {
  ANEC_ASSIGN(Type type, convertType(value.type()));
  if (value.has_blob_file())
    return mil::makeBlob(std::move(type), value.blob_file().file_name(),
                         value.blob_file().offset());
  if (!value.has_immediate())
    return invalid("expected a value of type '{}', found none",
                   mil::toString(type));
  if (type.isTensorLike()) {
    if (!value.immediate().has_tensor())
      return invalid("expected a value of type '{}', found another kind",
                     mil::toString(type));
    return convertImmediate(std::move(type), value.immediate().tensor());
  }
  Value converted;
  converted.type = std::move(type);
  ANEC_TRY(readMembers(value.immediate(), converted));
  return Result<Value>(std::move(converted));
}

} // namespace anec::rt::package
