//===- Ast.h - The MIL language as data -------------------------*- C++ -*-===//
//
// Everything a MIL text can say. The reader makes it, the printer writes it,
// the checker, the rules of a target and the CPU device read it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_AST_H
#define ANEC_RUNTIME_MIL_AST_H

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace anec::rt::mil {

/// Place in the text, both from 1; 0 when the node was not read from a text.
struct SourceLocation {
  int64_t line = 0, column = 0;
};

enum class ScalarType {
  FP16,
  FP32,
  FP64,
  BF16,
  Int4,
  Int8,
  Int16,
  Int32,
  Int64,
  UInt1,
  UInt2,
  UInt3,
  UInt4,
  UInt6,
  UInt8,
  UInt16,
  UInt32,
  UInt64,
  Bool,
  String,
};

/// Spelling in the text, such as "fp16".
std::string_view scalarTypeName(ScalarType type);
/// False when `name` is not a scalar type.
bool parseScalarType(std::string_view name, ScalarType &type);
/// Bits of one element in a blob file; 0 for strings.
int64_t scalarTypeBits(ScalarType type);
bool isFloat(ScalarType type);
/// Signed and unsigned integers, not bool.
bool isInteger(ScalarType type);

/// The '?' of a dimension or of a list's length.
constexpr int64_t dynamicSize = -1;

/// A type. A scalar and a tensor of rank 0 are different spellings of the same
/// thing; `sameType` treats them as equal.
struct Type {
  enum class Kind { Scalar, Tensor, List, Tuple, Dict, State };

  Kind kind = Kind::Scalar;
  /// Scalar and Tensor only.
  ScalarType element = ScalarType::FP16;
  /// Tensor only; `dynamicSize` for '?'.
  std::vector<int64_t> dims;
  /// List, State: one; Dict: key and value; Tuple: its members.
  std::vector<Type> arguments;
  /// List only.
  int64_t length = dynamicSize;

  static Type scalar(ScalarType element);
  static Type tensor(ScalarType element, std::vector<int64_t> dims);
  static Type list(Type element, int64_t length);
  static Type tuple(std::vector<Type> members);
  static Type dict(Type key, Type value);
  static Type state(Type content);

  bool isTensorLike() const {
    return kind == Kind::Scalar || kind == Kind::Tensor;
  }
  int64_t rank() const { return static_cast<int64_t>(dims.size()); }
  /// Number of elements; `dynamicSize` when a dimension is unknown.
  int64_t elementCount() const;
};

/// No tensor of a useful program has more elements; products of sizes stay far
/// from overflow.
constexpr int64_t maxElementCount = int64_t(1) << 48;
/// True unless the known sizes, zeros left out, multiply to more than that, or
/// one is negative.
bool hasBoundedSize(const Type &type);

/// Equal up to the spelling of rank 0; '?' matches any size.
bool sameType(const Type &a, const Type &b);
/// Spelling in the text, such as "tensor<fp16, [1, 64, 1, 32]>".
std::string toString(const Type &type);

/// Data in a file beside the text; `offset` is that of the metadata record.
struct BlobFile {
  std::string path;
  uint64_t offset = 0;
};

/// A typed constant.
///
/// Elements of scalars and tensors are flat, row-major: `double` for float
/// types, already rounded (once) to the type; `int64_t` for integers (uint64
/// as its bit pattern) and bool (0 or 1); strings. Lists and tuples hold their
/// members, dictionaries key, value, key, value.
struct Value {
  using Floats = std::vector<double>;
  using Integers = std::vector<int64_t>;
  using Strings = std::vector<std::string>;
  using Members = std::vector<Value>;

  Type type;
  std::variant<std::monostate, Floats, Integers, Strings, BlobFile, Members>
      data;
  SourceLocation location;

  const Floats *floats() const { return std::get_if<Floats>(&data); }
  const Integers *integers() const { return std::get_if<Integers>(&data); }
  const Strings *strings() const { return std::get_if<Strings>(&data); }
  const BlobFile *blob() const { return std::get_if<BlobFile>(&data); }
  const Members *members() const { return std::get_if<Members>(&data); }
};

/// `name = value` in square brackets.
struct Attribute {
  std::string name;
  Value value;
  SourceLocation location;
};

/// The use of a value by its name.
struct Reference {
  std::string name;
  SourceLocation location;
};

using Operand = std::variant<Reference, Value>;

/// `name = operand` or, for variadic parameters, `name = (operand, ...)`.
struct Argument {
  std::string name;
  std::vector<Operand> operands;
  bool isTuple = false;
  SourceLocation location;
};

/// A parameter or a result: what stands before a new name.
struct TypedName {
  Type type;
  std::string name;
  SourceLocation location;
};

/// One line: results, the op, its arguments, its attributes.
struct Statement {
  std::vector<TypedName> results;
  std::string op;
  std::vector<Argument> arguments;
  std::vector<Attribute> attributes;
  SourceLocation location;

  /// Null when there is none of this name.
  const Argument *findArgument(std::string_view name) const;
  const Attribute *findAttribute(std::string_view name) const;
};

struct Function {
  std::string name;
  std::string opset;
  std::vector<TypedName> parameters;
  std::vector<Attribute> attributes;
  std::vector<Statement> statements;
  /// Names of the returned values, in the text's order.
  std::vector<Reference> outputs;
  SourceLocation location;
};

struct Program {
  int64_t versionMajor = 1, versionMinor = 3;
  std::vector<Attribute> attributes;
  std::vector<Function> functions;

  /// Null when there is none of this name.
  const Function *findFunction(std::string_view name) const;
};

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_AST_H
