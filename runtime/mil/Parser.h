//===- Parser.h - The grammar of MIL ----------------------------*- C++ -*-===//
//
// Recursive descent with one token of look-ahead beyond the current one.
// Internal to the reader: programs are in Reader.cpp, values in
// ReadValues.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_PARSER_H
#define ANEC_RUNTIME_MIL_PARSER_H

#include "runtime/mil/Lexer.h"

namespace anec::rt::mil {

/// One function per rule of the grammar; each leaves the position behind what
/// it has read.
class Parser {
public:
  Parser(std::string_view text, const std::string &fileName)
      : lexer(text, fileName) {}

  Result<Program> program();

private:
  // Reader.cpp
  std::optional<Error> version(Program &program);
  Result<Function> function();
  Result<Statement> statement();
  Result<Argument> argument();
  Result<Operand> operand();
  Result<std::vector<Attribute>> attributes();
  Result<TypedName> typedName();
  Result<Reference> reference();

  // ReadTypes.cpp
  Result<Type> type();
  Result<Type> tensorType();
  Result<int64_t> size();

  // ReadValues.cpp
  Result<Value> value();
  Result<Value> typedValue();
  Result<Value> literal(const Type &type);
  Result<Value> untypedLiteral();
  Result<BlobFile> blobFile();
  Result<Value> tensorLiteral(const Type &type);
  Result<Value> listLiteral(const Type &type);
  Result<Value> tupleLiteral(const Type &type);
  Result<Value> dictLiteral(const Type &type);
  std::optional<Error> elements(Value &value, size_t dim, bool flat);
  std::optional<Error> element(Value &value);
  std::optional<Error> floatElement(Value &value);
  std::optional<Error> integerElement(Value &value);

  // Tokens.
  std::optional<Error> start();
  std::optional<Error> advance();
  bool at(std::string_view punctuation) const {
    return current.is(punctuation);
  }
  bool atIdentifier() const { return current.kind == Token::Kind::Identifier; }
  /// The current token must be this word or punctuation; goes behind it.
  std::optional<Error> expect(std::string_view text);
  Result<std::string> identifier(const char *what);
  /// `item {',' item}` up to `close`, which is read too; may be empty.
  template <typename Item>
  std::optional<Error> list(std::string_view close, Item item) {
    for (bool first = true; !at(close); first = false) {
      if (!first)
        ANEC_TRY(expect(","));
      ANEC_TRY(item());
    }
    return advance();
  }
  Error unexpected(const std::string &expected) const {
    return lexer.error(current.location,
                       "expected " + expected + ", found " + describe(current));
  }

  /// Counts nested types and literals while it lives.
  class Nesting {
  public:
    explicit Nesting(Parser &parser) : depth(parser.depth) { ++depth; }
    ~Nesting() { --depth; }
    bool isTooDeep() const { return depth > 64; }

  private:
    int &depth;
  };

  Lexer lexer;
  Token current, following;
  int depth = 0;
};

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_PARSER_H
