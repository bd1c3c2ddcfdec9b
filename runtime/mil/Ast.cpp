//===- Ast.cpp - The MIL language as data ---------------------------------===//
//
// Type spellings, type equality and look-ups by name.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Ast.h"

#include <array>

namespace anec::rt::mil {

namespace {

struct ScalarInfo {
  std::string_view name;
  int64_t bits;
};

// In the order of ScalarType.
constexpr std::array<ScalarInfo, 20> scalarInfos = {{
    {"fp16", 16},   {"fp32", 32},   {"fp64", 64},  {"bf16", 16},
    {"int4", 4},    {"int8", 8},    {"int16", 16}, {"int32", 32},
    {"int64", 64},  {"uint1", 1},   {"uint2", 2},  {"uint3", 3},
    {"uint4", 4},   {"uint6", 6},   {"uint8", 8},  {"uint16", 16},
    {"uint32", 32}, {"uint64", 64}, {"bool", 8},   {"string", 0},
}};

template <typename T>
const T *findByName(const std::vector<T> &items, std::string_view name) {
  for (const T &item : items)
    if (item.name == name)
      return &item;
  return nullptr;
}

std::string joinTypes(const std::vector<Type> &types) {
  std::string text;
  for (const Type &type : types)
    text += (text.empty() ? "" : ", ") + toString(type);
  return text;
}

std::string sizeText(int64_t size) {
  return size == dynamicSize ? "?" : std::to_string(size);
}

bool sameSize(int64_t a, int64_t b) {
  return a == b || a == dynamicSize || b == dynamicSize;
}

} // namespace

std::string_view scalarTypeName(ScalarType type) {
  return scalarInfos[static_cast<size_t>(type)].name;
}

bool parseScalarType(std::string_view name, ScalarType &type) {
  for (size_t i = 0; i < scalarInfos.size(); ++i) {
    if (scalarInfos[i].name != name)
      continue;
    type = static_cast<ScalarType>(i);
    return true;
  }
  return false;
}

int64_t scalarTypeBits(ScalarType type) {
  return scalarInfos[static_cast<size_t>(type)].bits;
}

bool isFloat(ScalarType type) { return type <= ScalarType::BF16; }

bool isInteger(ScalarType type) {
  return !isFloat(type) && type <= ScalarType::UInt64;
}

Type Type::scalar(ScalarType element) {
  Type type;
  type.element = element;
  return type;
}

Type Type::tensor(ScalarType element, std::vector<int64_t> dims) {
  Type type;
  type.kind = Kind::Tensor;
  type.element = element;
  type.dims = std::move(dims);
  return type;
}

Type Type::list(Type element, int64_t length) {
  Type type;
  type.kind = Kind::List;
  type.arguments.push_back(std::move(element));
  type.length = length;
  return type;
}

Type Type::tuple(std::vector<Type> members) {
  Type type;
  type.kind = Kind::Tuple;
  type.arguments = std::move(members);
  return type;
}

Type Type::dict(Type key, Type value) {
  Type type;
  type.kind = Kind::Dict;
  type.arguments.push_back(std::move(key));
  type.arguments.push_back(std::move(value));
  return type;
}

Type Type::state(Type content) {
  Type type;
  type.kind = Kind::State;
  type.arguments.push_back(std::move(content));
  return type;
}

int64_t Type::elementCount() const {
  int64_t count = 1;
  for (int64_t dim : dims) {
    if (dim == dynamicSize)
      return dynamicSize;
    count *= dim;
  }
  return count;
}

bool hasBoundedSize(const Type &type) {
  int64_t count = 1;
  for (int64_t dim : type.dims) {
    if (dim == dynamicSize || dim == 0)
      continue;
    if (dim < 0 || dim > maxElementCount / count)
      return false;
    count *= dim;
  }
  return true;
}

bool sameType(const Type &a, const Type &b) {
  if (a.isTensorLike() && b.isTensorLike()) {
    if (a.element != b.element || a.dims.size() != b.dims.size())
      return false;
    for (size_t i = 0; i < a.dims.size(); ++i)
      if (!sameSize(a.dims[i], b.dims[i]))
        return false;
    return true;
  }
  if (a.kind != b.kind || a.arguments.size() != b.arguments.size() ||
      !sameSize(a.length, b.length))
    return false;
  for (size_t i = 0; i < a.arguments.size(); ++i)
    if (!sameType(a.arguments[i], b.arguments[i]))
      return false;
  return true;
}

std::string toString(const Type &type) {
  std::string scalar(scalarTypeName(type.element));
  switch (type.kind) {
  case Type::Kind::Scalar:
    return scalar;
  case Type::Kind::Tensor: {
    std::string dims;
    for (int64_t dim : type.dims)
      dims += (dims.empty() ? "" : ", ") + sizeText(dim);
    return "tensor<" + scalar + ", [" + dims + "]>";
  }
  case Type::Kind::List:
    return "list<" + joinTypes(type.arguments) + ", " + sizeText(type.length) +
           ">";
  case Type::Kind::Tuple:
    return "tuple<" + joinTypes(type.arguments) + ">";
  case Type::Kind::Dict:
    return "dict<" + joinTypes(type.arguments) + ">";
  case Type::Kind::State:
    break;
  }
  return "state<" + joinTypes(type.arguments) + ">";
}

const Argument *Statement::findArgument(std::string_view name) const {
  return findByName(arguments, name);
}

const Attribute *Statement::findAttribute(std::string_view name) const {
  return findByName(attributes, name);
}

const Function *Program::findFunction(std::string_view name) const {
  return findByName(functions, name);
}

} // namespace anec::rt::mil
