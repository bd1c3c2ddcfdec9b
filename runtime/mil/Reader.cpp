//===- Reader.cpp - MIL text to the AST -----------------------------------===//
//
// Programs, functions and statements.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Reader.h"

#include "runtime/mil/Parser.h"

#include <charconv>

namespace anec::rt::mil {

std::optional<Error> Parser::start() {
  ANEC_ASSIGN(current, lexer.next());
  ANEC_ASSIGN(following, lexer.next());
  return std::nullopt;
}

std::optional<Error> Parser::advance() {
  current = std::move(following);
  ANEC_ASSIGN(following, lexer.next());
  return std::nullopt;
}

std::optional<Error> Parser::expect(std::string_view text) {
  bool isWord = current.kind == Token::Kind::Identifier ||
                current.kind == Token::Kind::Punctuation;
  if (!isWord || current.text != text)
    return unexpected("'" + std::string(text) + "'");
  return advance();
}

Result<std::string> Parser::identifier(const char *what) {
  if (!atIdentifier())
    return unexpected(what);
  std::string name = current.text;
  ANEC_TRY(advance());
  return name;
}

Result<Program> Parser::program() {
  ANEC_TRY(start());
  Program program;
  ANEC_TRY(expect("program"));
  ANEC_TRY(version(program));
  if (at("[")) {
    ANEC_ASSIGN(program.attributes, attributes());
  }
  ANEC_TRY(expect("{"));
  while (!at("}")) {
    const SourceLocation location = following.location;
    ANEC_ASSIGN(Function item, function());
    if (program.findFunction(item.name))
      return lexer.error(location, "function '" + item.name + "' occurs twice");
    program.functions.push_back(std::move(item));
  }
  ANEC_TRY(advance());
  if (current.kind != Token::Kind::End)
    return unexpected("end of file");
  return Result<Program>(std::move(program));
}

std::optional<Error> Parser::version(Program &program) {
  ANEC_TRY(expect("("));
  const char *begin = current.text.data();
  const char *end = begin + current.text.size();
  auto major = std::from_chars(begin, end, program.versionMajor);
  bool good = current.kind == Token::Kind::Number && major.ec == std::errc() &&
              major.ptr != end && *major.ptr == '.' &&
              program.versionMajor >= 0;
  if (good) {
    auto minor = std::from_chars(major.ptr + 1, end, program.versionMinor);
    good = minor.ec == std::errc() && minor.ptr == end &&
           program.versionMinor >= 0;
  }
  if (!good)
    return unexpected("a version such as '1.3'");
  ANEC_TRY(advance());
  return expect(")");
}

Result<Function> Parser::function() {
  Function function;
  function.location = current.location;
  if (!atIdentifier() || current.text != "func")
    return unexpected("'func' or '}'");
  ANEC_TRY(advance());
  ANEC_ASSIGN(function.name, identifier("a function name"));
  ANEC_TRY(expect("<"));
  ANEC_ASSIGN(function.opset, identifier("an opset such as 'ios18'"));
  ANEC_TRY(expect(">"));
  ANEC_TRY(expect("("));
  ANEC_TRY(list(")", [&]() -> std::optional<Error> {
    ANEC_ASSIGN(TypedName parameter, typedName());
    for (const TypedName &other : function.parameters)
      if (other.name == parameter.name)
        return lexer.error(parameter.location,
                           "parameter '" + parameter.name + "' occurs twice");
    function.parameters.push_back(std::move(parameter));
    return std::nullopt;
  }));
  if (at("[")) {
    ANEC_ASSIGN(function.attributes, attributes());
  }
  ANEC_TRY(expect("{"));
  while (!at("}")) {
    ANEC_ASSIGN(Statement item, statement());
    function.statements.push_back(std::move(item));
  }
  ANEC_TRY(advance());
  ANEC_TRY(expect("->"));
  ANEC_TRY(expect("("));
  ANEC_TRY(list(")", [&]() -> std::optional<Error> {
    ANEC_ASSIGN(Reference output, reference());
    function.outputs.push_back(std::move(output));
    return std::nullopt;
  }));
  ANEC_TRY(expect(";"));
  return Result<Function>(std::move(function));
}

Result<Statement> Parser::statement() {
  Statement statement;
  statement.location = current.location;
  if (!atIdentifier())
    return unexpected("a statement or '}'");
  // `op(` has no result; everything else starts with a type.
  if (!following.is("(")) {
    while (true) {
      ANEC_ASSIGN(TypedName result, typedName());
      statement.results.push_back(std::move(result));
      if (!at(","))
        break;
      ANEC_TRY(advance());
    }
    ANEC_TRY(expect("="));
  }
  ANEC_ASSIGN(statement.op, identifier("an operator"));
  ANEC_TRY(expect("("));
  ANEC_TRY(list(")", [&]() -> std::optional<Error> {
    ANEC_ASSIGN(Argument item, argument());
    statement.arguments.push_back(std::move(item));
    return std::nullopt;
  }));
  if (at("[")) {
    ANEC_ASSIGN(statement.attributes, attributes());
  }
  if (at("{"))
    return lexer.error(current.location, "nested blocks, as in '" +
                                             statement.op +
                                             "', are not supported");
  ANEC_TRY(expect(";"));
  return Result<Statement>(std::move(statement));
}

Result<Argument> Parser::argument() {
  Argument argument;
  argument.location = current.location;
  ANEC_ASSIGN(argument.name, identifier("an argument name or ')'"));
  ANEC_TRY(expect("="));
  auto one = [&]() -> std::optional<Error> {
    ANEC_ASSIGN(Operand item, operand());
    argument.operands.push_back(std::move(item));
    return std::nullopt;
  };
  if (at("(")) {
    argument.isTuple = true;
    ANEC_TRY(advance());
    ANEC_TRY(list(")", one));
  } else {
    ANEC_TRY(one());
  }
  return Result<Argument>(std::move(argument));
}

Result<Operand> Parser::operand() {
  if (!atIdentifier())
    return unexpected("a value name or a typed value");
  if (following.is("(") || following.is("<")) {
    ANEC_ASSIGN(Value immediate, typedValue());
    return Operand(std::move(immediate));
  }
  ANEC_ASSIGN(Reference name, reference());
  return Operand(std::move(name));
}

Result<Reference> Parser::reference() {
  Reference reference;
  reference.location = current.location;
  ANEC_ASSIGN(reference.name, identifier("a value name"));
  return Result<Reference>(std::move(reference));
}

Result<TypedName> Parser::typedName() {
  TypedName result;
  ANEC_ASSIGN(result.type, type());
  result.location = current.location;
  ANEC_ASSIGN(result.name, identifier("a name after the type"));
  return Result<TypedName>(std::move(result));
}

Result<std::vector<Attribute>> Parser::attributes() {
  std::vector<Attribute> attributes;
  ANEC_TRY(expect("["));
  ANEC_TRY(list("]", [&]() -> std::optional<Error> {
    Attribute attribute;
    attribute.location = current.location;
    ANEC_ASSIGN(attribute.name, identifier("an attribute name or ']'"));
    for (const Attribute &other : attributes)
      if (other.name == attribute.name)
        return lexer.error(attribute.location,
                           "attribute '" + attribute.name + "' occurs twice");
    ANEC_TRY(expect("="));
    ANEC_ASSIGN(attribute.value, value());
    attributes.push_back(std::move(attribute));
    return std::nullopt;
  }));
  return Result<std::vector<Attribute>>(std::move(attributes));
}

Result<Program> read(std::string_view text, const std::string &fileName) {
  if (text.size() > (size_t(1) << 31))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expected at most 2 GiB of text, found {} bytes",
                     fileName, text.size());
  return Parser(text, fileName).program();
}

} // namespace anec::rt::mil
