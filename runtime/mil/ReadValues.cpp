//===- ReadValues.cpp - Constants in MIL text -----------------------------===//
//
// A literal is read with its type known, so elements are stored flat and
// rounded once.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Builder.h"
#include "runtime/mil/Parser.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace anec::rt::mil {

Result<Value> Parser::value() {
  if (atIdentifier() && (following.is("(") || following.is("<")))
    return typedValue();
  return untypedLiteral();
}

Result<Value> Parser::typedValue() {
  SourceLocation location = current.location;
  ANEC_ASSIGN(Type type, this->type());
  ANEC_TRY(expect("("));
  Value value;
  value.type = type;
  if (atIdentifier() && current.text == "BLOBFILE") {
    ANEC_ASSIGN(value.data, blobFile());
  } else if (!at(")")) {
    ANEC_ASSIGN(value, literal(type));
  } else if (type.isTensorLike() && type.elementCount() != 0) {
    return unexpected("a value of type '" + toString(type) + "'");
  }
  value.location = location;
  ANEC_TRY(expect(")"));
  return Result<Value>(std::move(value));
}

Result<BlobFile> Parser::blobFile() {
  ANEC_TRY(advance());
  ANEC_TRY(expect("("));
  BlobFile blob;
  bool hasPath = false, hasOffset = false;
  SourceLocation location = current.location;
  ANEC_TRY(list(")", [&]() -> std::optional<Error> {
    SourceLocation place = current.location;
    ANEC_ASSIGN(std::string name, identifier("'path' or 'offset'"));
    ANEC_TRY(expect("="));
    ANEC_ASSIGN(Value item, typedValue());
    if (name == "path" && item.strings() && item.strings()->size() == 1) {
      blob.path = item.strings()->front();
      hasPath = true;
    } else if (name == "offset" && item.integers() &&
               item.integers()->size() == 1) {
      blob.offset = static_cast<uint64_t>(item.integers()->front());
      hasOffset = true;
    } else {
      return lexer.error(place, "expected 'path' as a string or 'offset' as "
                                "an integer, found '" +
                                    name + "'");
    }
    return std::nullopt;
  }));
  if (!hasPath || !hasOffset)
    return lexer.error(location, "expected 'path' and 'offset' in BLOBFILE");
  return Result<BlobFile>(std::move(blob));
}

Result<Value> Parser::literal(const Type &type) {
  Nesting nesting(*this);
  if (nesting.isTooDeep())
    return lexer.error(current.location, "values are nested too deep");
  switch (type.kind) {
  case Type::Kind::Scalar:
  case Type::Kind::Tensor:
    return tensorLiteral(type);
  case Type::Kind::List:
    return listLiteral(type);
  case Type::Kind::Tuple:
    return tupleLiteral(type);
  case Type::Kind::Dict:
    return dictLiteral(type);
  case Type::Kind::State:
    break;
  }
  return lexer.error(current.location, "a state has no constants");
}

Result<Value> Parser::listLiteral(const Type &type) {
  Value value;
  value.type = type;
  Value::Members members;
  ANEC_TRY(expect("["));
  ANEC_TRY(list("]", [&]() -> std::optional<Error> {
    ANEC_ASSIGN(Value member, literal(type.arguments.front()));
    members.push_back(std::move(member));
    return std::nullopt;
  }));
  if (type.length != dynamicSize &&
      type.length != static_cast<int64_t>(members.size()))
    return lexer.error(current.location,
                       fmt::format("expected {} values in the list, found {}",
                                   type.length, members.size()));
  value.data = std::move(members);
  return Result<Value>(std::move(value));
}

Result<Value> Parser::tupleLiteral(const Type &type) {
  Value value;
  value.type = type;
  Value::Members members;
  ANEC_TRY(expect("("));
  for (const Type &memberType : type.arguments) {
    if (!members.empty())
      ANEC_TRY(expect(","));
    ANEC_ASSIGN(Value member, literal(memberType));
    members.push_back(std::move(member));
  }
  ANEC_TRY(expect(")"));
  value.data = std::move(members);
  return Result<Value>(std::move(value));
}

Result<Value> Parser::dictLiteral(const Type &type) {
  Value value;
  value.type = type;
  Value::Members members;
  ANEC_TRY(expect("{"));
  ANEC_TRY(list("}", [&]() -> std::optional<Error> {
    ANEC_TRY(expect("{"));
    ANEC_ASSIGN(Value key, literal(type.arguments[0]));
    ANEC_TRY(expect(","));
    ANEC_ASSIGN(Value content, literal(type.arguments[1]));
    members.push_back(std::move(key));
    members.push_back(std::move(content));
    return expect("}");
  }));
  value.data = std::move(members);
  return Result<Value>(std::move(value));
}

Result<Value> Parser::tensorLiteral(const Type &type) {
  Value value;
  value.type = type;
  value.location = current.location;
  if (type.element == ScalarType::String)
    value.data = Value::Strings();
  else if (isFloat(type.element))
    value.data = Value::Floats();
  else
    value.data = Value::Integers();
  // Generators write tensors of any rank as one flat list.
  bool flat =
      type.rank() > 1 && at("[") && !following.is("[") && !following.is("]");
  ANEC_TRY(elements(value, 0, flat));
  return Result<Value>(std::move(value));
}

std::optional<Error> Parser::elements(Value &value, size_t dim, bool flat) {
  if (dim == value.type.dims.size())
    return element(value);
  SourceLocation location = current.location;
  int64_t count = 0;
  ANEC_TRY(expect("["));
  ANEC_TRY(list("]", [&]() -> std::optional<Error> {
    ++count;
    return flat ? element(value) : elements(value, dim + 1, false);
  }));
  int64_t &size = value.type.dims[dim];
  if (!flat && size == dynamicSize)
    size = count;
  int64_t expected = flat ? value.type.elementCount() : size;
  // An empty list ends the nesting of a tensor without elements.
  if (count == 0 && value.type.elementCount() == 0)
    return std::nullopt;
  if (count == expected)
    return std::nullopt;
  return lexer.error(
      location,
      fmt::format("expected {} values for '{}'{}, found {}", expected,
                  toString(value.type),
                  flat ? "" : fmt::format(" in dimension {}", dim), count));
}

std::optional<Error> Parser::element(Value &value) {
  ScalarType type = value.type.element;
  if (type == ScalarType::String) {
    if (current.kind != Token::Kind::String)
      return unexpected("a string");
    std::get<Value::Strings>(value.data).push_back(current.text);
    return advance();
  }
  if (type == ScalarType::Bool) {
    bool isTrue = current.text == "true";
    if (!atIdentifier() || (!isTrue && current.text != "false"))
      return unexpected("'true' or 'false'");
    std::get<Value::Integers>(value.data).push_back(isTrue);
    return advance();
  }
  return isFloat(type) ? floatElement(value) : integerElement(value);
}

std::optional<Error> Parser::floatElement(Value &value) {
  bool isWord = current.text == "inf" || current.text == "-inf" ||
                current.text == "nan" || current.text == "-nan";
  if (current.kind != Token::Kind::Number && !(atIdentifier() && isWord))
    return unexpected("a number");
  // The lexer has checked the form, so all characters are used.
  double number = std::strtod(current.text.c_str(), nullptr);
  double rounded = roundToType(number, value.type.element);
  if (std::isinf(rounded) && !isWord)
    return unexpected("a number in the range of " +
                      std::string(scalarTypeName(value.type.element)));
  std::get<Value::Floats>(value.data).push_back(rounded);
  return advance();
}

std::optional<Error> Parser::integerElement(Value &value) {
  ScalarType type = value.type.element;
  const char *begin = current.text.data();
  const char *end = begin + current.text.size();
  if (current.kind != Token::Kind::Number)
    return unexpected("an integer");
  int64_t number = 0;
  bool good;
  if (type == ScalarType::UInt64) {
    uint64_t wide = 0;
    auto parsed = std::from_chars(begin, end, wide);
    good = parsed.ec == std::errc() && parsed.ptr == end;
    number = static_cast<int64_t>(wide);
  } else {
    auto parsed = std::from_chars(begin, end, number);
    good = parsed.ec == std::errc() && parsed.ptr == end;
    bool isSigned = type <= ScalarType::Int64;
    int64_t bits = scalarTypeBits(type);
    if (isSigned && bits < 64)
      good &= number >= -(int64_t(1) << (bits - 1)) &&
              number < int64_t(1) << (bits - 1);
    else if (!isSigned)
      good &= number >= 0 && number < int64_t(1) << bits;
  }
  if (!good)
    return unexpected("an integer in the range of " +
                      std::string(scalarTypeName(type)));
  std::get<Value::Integers>(value.data).push_back(number);
  return advance();
}

Result<Value> Parser::untypedLiteral() {
  SourceLocation location = current.location;
  bool isBool =
      atIdentifier() && (current.text == "true" || current.text == "false");
  bool isNumber = current.kind == Token::Kind::Number || atIdentifier();
  bool isInteger =
      current.kind == Token::Kind::Number &&
      current.text.find_first_not_of("-0123456789") == std::string::npos;
  ScalarType type = ScalarType::FP64;
  if (current.kind == Token::Kind::String)
    type = ScalarType::String;
  else if (isBool)
    type = ScalarType::Bool;
  else if (isInteger)
    type = ScalarType::Int64;
  else if (!isNumber)
    return unexpected("a value");
  Value value;
  ANEC_ASSIGN(value, tensorLiteral(Type::scalar(type)));
  value.location = location;
  return Result<Value>(std::move(value));
}

} // namespace anec::rt::mil
