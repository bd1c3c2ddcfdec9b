//===- Lexer.h - MIL text to tokens -----------------------------*- C++ -*-===//
//
// Words of the language are not reserved, so the lexer knows identifiers,
// numbers, strings and punctuation only.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_LEXER_H
#define ANEC_RUNTIME_MIL_LEXER_H

#include "runtime/mil/Ast.h"
#include "runtime/support/Result.h"

#include <string>
#include <string_view>

namespace anec::rt::mil {

struct Token {
  enum class Kind { Identifier, Number, String, Punctuation, End };

  Kind kind = Kind::End;
  /// The token's characters; the content, without escapes, of a string.
  std::string text;
  SourceLocation location;

  bool is(std::string_view punctuation) const {
    return kind == Kind::Punctuation && text == punctuation;
  }
};

/// What a message says was found: "'x'", "end of file".
std::string describe(const Token &token);

/// Makes one token at a time. The text must outlive the lexer.
class Lexer {
public:
  Lexer(std::string_view text, std::string fileName);

  /// The next token; End again and again after the last.
  Result<Token> next();

  /// "file:line:column: message".
  Error error(SourceLocation location, const std::string &message) const;

private:
  std::optional<Error> skipSpace();
  Result<Token> string();
  std::string_view number() const;
  char peek(size_t ahead = 0) const {
    return position + ahead < text.size() ? text[position + ahead] : '\0';
  }
  void advance(size_t count);

  std::string_view text;
  std::string fileName;
  size_t position = 0;
  SourceLocation location{1, 1};
};

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_LEXER_H
