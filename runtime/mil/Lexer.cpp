//===- Lexer.cpp - MIL text to tokens -------------------------------------===//
//
// White space and comments only separate; columns count bytes.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Lexer.h"

namespace anec::rt::mil {

namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isHexDigit(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isIdentifierPart(char c) { return isLetter(c) || isDigit(c) || c == '@'; }

int hexValue(char c) {
  if (isDigit(c))
    return c - '0';
  return (c | 0x20) - 'a' + 10;
}

/// Printable form of one byte for messages.
std::string quotedByte(char c) {
  unsigned char code = static_cast<unsigned char>(c);
  if (code >= 0x20 && code < 0x7f)
    return fmt::format("'{}'", c);
  return fmt::format("byte 0x{:02x}", code);
}

} // namespace

std::string describe(const Token &token) {
  // Long names and strings would hide the message.
  std::string shown =
      token.text.size() > 40 ? token.text.substr(0, 40) + "..." : token.text;
  switch (token.kind) {
  case Token::Kind::End:
    return "end of file";
  case Token::Kind::String:
    return "string \"" + shown + "\"";
  default:
    return "'" + shown + "'";
  }
}

Lexer::Lexer(std::string_view text, std::string fileName)
    : text(text), fileName(std::move(fileName)) {
  // A byte order mark is not part of the first line.
  if (text.substr(0, 3) == "\xef\xbb\xbf")
    position = 3;
}

Error Lexer::error(SourceLocation place, const std::string &message) const {
  return makeError(ErrorCode::InvalidInput, "{}:{}:{}: {}", fileName,
                   place.line, place.column, message);
}

void Lexer::advance(size_t count) {
  for (size_t end = position + count; position < end; ++position) {
    if (text[position] == '\n') {
      ++location.line;
      location.column = 1;
    } else {
      ++location.column;
    }
  }
}

std::optional<Error> Lexer::skipSpace() {
  while (position < text.size()) {
    char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      advance(1);
    } else if (c == '/' && peek(1) == '/') {
      size_t end = text.find('\n', position);
      advance((end == std::string_view::npos ? text.size() : end) - position);
    } else if (c == '/' && peek(1) == '*') {
      size_t end = text.find("*/", position + 2);
      if (end == std::string_view::npos)
        return error(location, "expected '*/' to end this comment, found end "
                               "of file");
      advance(end + 2 - position);
    } else {
      break;
    }
  }
  return std::nullopt;
}

/// The characters of the number at the position; empty when there is none.
std::string_view Lexer::number() const {
  size_t length = peek() == '-' ? 1 : 0;
  auto digits = [&](auto isPart) {
    size_t start = length;
    while (isPart(peek(length)))
      ++length;
    return length > start;
  };
  bool isHex = peek(length) == '0' &&
               (peek(length + 1) == 'x' || peek(length + 1) == 'X');
  if (isHex)
    length += 2;
  bool any = isHex ? digits(isHexDigit) : digits(isDigit);
  if (peek(length) == '.') {
    ++length;
    any |= isHex ? digits(isHexDigit) : digits(isDigit);
  }
  if (!any)
    return {};
  char exponent = isHex ? 'p' : 'e';
  if ((peek(length) | 0x20) == exponent) {
    ++length;
    if (peek(length) == '+' || peek(length) == '-')
      ++length;
    if (!digits(isDigit))
      return {};
  } else if (isHex) {
    return {};
  }
  return text.substr(position, length);
}

Result<Token> Lexer::string() {
  Token token;
  token.kind = Token::Kind::String;
  token.location = location;
  advance(1);
  while (peek() != '"') {
    if (position >= text.size() || peek() == '\n' || peek() == '\r')
      return error(location,
                   "expected '\"' to end this string, found end of " +
                       std::string(position >= text.size() ? "file" : "line"));
    if (peek() != '\\') {
      token.text += peek();
      advance(1);
      continue;
    }
    char escape = peek(1);
    size_t length = 2;
    if (escape == 'n')
      token.text += '\n';
    else if (escape == 't')
      token.text += '\t';
    else if (escape == 'r')
      token.text += '\r';
    else if (escape == '\\' || escape == '"')
      token.text += escape;
    else if (escape == 'x' && isHexDigit(peek(2)) && isHexDigit(peek(3))) {
      token.text +=
          static_cast<char>(hexValue(peek(2)) * 16 + hexValue(peek(3)));
      length = 4;
    } else {
      return error(location,
                   "expected one of \\\\ \\\" \\n \\t \\r \\xHH, found "
                   "'\\' and " +
                       quotedByte(escape));
    }
    advance(length);
  }
  advance(1);
  return token;
}

Result<Token> Lexer::next() {
  ANEC_TRY(skipSpace());
  Token token;
  token.location = location;
  if (position >= text.size())
    return token;
  char c = peek();
  if (c == '"')
    return string();
  if (isLetter(c)) {
    size_t length = 1;
    while (isIdentifierPart(peek(length)))
      ++length;
    token.kind = Token::Kind::Identifier;
    token.text = text.substr(position, length);
  } else if (c == '-' && peek(1) == '>') {
    token.kind = Token::Kind::Punctuation;
    token.text = "->";
  } else if (isDigit(c) || c == '-' || c == '.') {
    token.kind = Token::Kind::Number;
    token.text = number();
    if (text.substr(position, 4) == "-inf" ||
        text.substr(position, 4) == "-nan")
      token.text = text.substr(position, 4);
    if (token.text.empty() || isIdentifierPart(peek(token.text.size())))
      return error(location, "expected a number, found " +
                                 quotedByte(peek(token.text.size())) +
                                 " after '" + token.text + "'");
  } else if (std::string_view("()[]{}<>,;=?").find(c) !=
             std::string_view::npos) {
    token.kind = Token::Kind::Punctuation;
    token.text = std::string(1, c);
  } else {
    return error(location, "expected MIL text, found " + quotedByte(c));
  }
  advance(token.text.size());
  return token;
}

} // namespace anec::rt::mil
