//===- ModelText.cpp - What is wrong before MLIR looks --------------------===//
//
// Strings and comments are skipped; "->" is no bracket.
//
//===----------------------------------------------------------------------===//
#include "tools/anec/ModelText.h"

namespace anec {

namespace {

constexpr int64_t mostBytes = int64_t(16) << 20, mostNested = 128;

/// The place behind the string or comment that starts at `i`, or `i` itself.
size_t skip(llvm::StringRef text, size_t i) {
  if (text.substr(i).starts_with("//"))
    return std::min(text.find('\n', i), text.size());
  if (text[i] != '"')
    return i;
  for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i)
    if (text[i] == '\\')
      ++i;
  return std::min(i + 1, text.size());
}

std::string at(llvm::StringRef text, size_t i, const std::string &message) {
  const llvm::StringRef before = text.take_front(i);
  const size_t line = before.rfind('\n');
  const size_t column = line == llvm::StringRef::npos ? i : i - line - 1;
  return std::to_string(before.count('\n') + 1) + ":" +
         std::to_string(column + 1) + ": error: " + message;
}

} // namespace

std::optional<std::string> findModelTextProblem(llvm::StringRef text) {
  if (static_cast<int64_t>(text.size()) > mostBytes)
    return at(text, 0,
              "expects a model of at most " + std::to_string(mostBytes) +
                  " bytes, but got " + std::to_string(text.size()));
  int64_t depth = 0;
  for (size_t i = 0; i < text.size();) {
    if (const size_t next = skip(text, i); next != i) {
      i = next;
      continue;
    }
    const bool isArrow = text[i] == '>' && i > 0 && text[i - 1] == '-';
    if (llvm::StringRef("([{<").contains(text[i]))
      ++depth;
    else if (llvm::StringRef(")]}>").contains(text[i]) && !isArrow)
      depth = std::max<int64_t>(0, depth - 1);
    if (depth > mostNested)
      return at(text, i,
                "expects at most " + std::to_string(mostNested) +
                    " nested brackets");
    ++i;
  }
  return std::nullopt;
}

} // namespace anec
