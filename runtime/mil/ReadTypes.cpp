//===- ReadTypes.cpp - Types in MIL text ----------------------------------===//
//
// Scalars, tensors and the containers of them.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Parser.h"

#include <charconv>

namespace anec::rt::mil {

Result<Type> Parser::type() {
  Nesting nesting(*this);
  if (nesting.isTooDeep())
    return lexer.error(current.location, "types are nested too deep");
  SourceLocation location = current.location;
  ScalarType scalar;
  if (atIdentifier() && parseScalarType(current.text, scalar)) {
    ANEC_TRY(advance());
    return Type::scalar(scalar);
  }
  if (!atIdentifier())
    return unexpected("a type");
  if (!following.is("<"))
    return unexpected("a type such as 'fp16' or 'tensor<...>'");
  if (current.text == "tensor")
    return tensorType();

  std::string kind = current.text;
  if (kind != "list" && kind != "tuple" && kind != "dict" && kind != "state")
    return unexpected("'tensor', 'list', 'tuple', 'dict' or 'state'");
  ANEC_TRY(advance());
  ANEC_TRY(expect("<"));
  Type result;
  result.kind = kind == "list"    ? Type::Kind::List
                : kind == "tuple" ? Type::Kind::Tuple
                : kind == "dict"  ? Type::Kind::Dict
                                  : Type::Kind::State;
  if (result.kind == Type::Kind::List) {
    ANEC_ASSIGN(Type element, type());
    result.arguments.push_back(std::move(element));
    ANEC_TRY(expect(","));
    ANEC_ASSIGN(result.length, size());
    ANEC_TRY(expect(">"));
    return Result<Type>(std::move(result));
  }
  ANEC_TRY(list(">", [&]() -> std::optional<Error> {
    ANEC_ASSIGN(Type argument, type());
    result.arguments.push_back(std::move(argument));
    return std::nullopt;
  }));
  size_t wanted = result.kind == Type::Kind::Dict ? 2 : 1;
  if (result.kind != Type::Kind::Tuple && result.arguments.size() != wanted)
    return lexer.error(location,
                       fmt::format("expected {} types in '{}', found {}",
                                   wanted, kind, result.arguments.size()));
  return Result<Type>(std::move(result));
}

Result<Type> Parser::tensorType() {
  SourceLocation location = current.location;
  ANEC_TRY(advance());
  ANEC_TRY(expect("<"));
  ScalarType element;
  if (!atIdentifier() || !parseScalarType(current.text, element))
    return unexpected("an element type such as 'fp16'");
  ANEC_TRY(advance());
  ANEC_TRY(expect(","));
  ANEC_TRY(expect("["));
  Type tensor = Type::tensor(element, {});
  int64_t count = 1;
  ANEC_TRY(list("]", [&]() -> std::optional<Error> {
    ANEC_ASSIGN(int64_t dim, size());
    int64_t known = dim == dynamicSize || dim == 0 ? 1 : dim;
    if (known > maxElementCount / count || tensor.rank() == 32)
      return lexer.error(location, "expected a tensor of at most 32 dimensions "
                                   "and 2^48 elements");
    count *= known;
    tensor.dims.push_back(dim);
    return std::nullopt;
  }));
  ANEC_TRY(expect(">"));
  return Result<Type>(std::move(tensor));
}

Result<int64_t> Parser::size() {
  if (at("?")) {
    ANEC_TRY(advance());
    return dynamicSize;
  }
  int64_t size = 0;
  const char *end = current.text.data() + current.text.size();
  auto parsed = std::from_chars(current.text.data(), end, size);
  if (current.kind != Token::Kind::Number || parsed.ec != std::errc() ||
      parsed.ptr != end || size < 0)
    return unexpected("a size or '?'");
  ANEC_TRY(advance());
  return size;
}

} // namespace anec::rt::mil
