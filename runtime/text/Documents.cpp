//===- Documents.cpp - A text file as training documents ------------------===//
//
// See Documents.h.
//
//===----------------------------------------------------------------------===//
#include "runtime/text/Documents.h"

namespace anec::rt {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

} // namespace

std::vector<std::string_view> splitDocuments(std::string_view text) {
  std::vector<std::string_view> documents;
  auto add = [&](std::string_view part) {
    if (std::string_view document = trim(part); !document.empty())
      documents.push_back(document);
  };
  size_t documentStart = 0;
  for (size_t lineStart = 0; lineStart < text.size();) {
    size_t lineEnd = text.find('\n', lineStart);
    size_t next = lineEnd == std::string_view::npos ? text.size() : lineEnd + 1;
    if (trim(text.substr(lineStart, next - lineStart)) == documentSeparator) {
      add(text.substr(documentStart, lineStart - documentStart));
      documentStart = next;
    }
    lineStart = next;
  }
  add(text.substr(documentStart));
  return documents;
}

std::vector<int32_t> encodeDocuments(const Tokenizer &tokenizer,
                                     std::string_view text) {
  std::vector<int32_t> ids;
  for (std::string_view document : splitDocuments(text)) {
    ids.push_back(tokenizer.bos());
    std::vector<int32_t> part = tokenizer.encode(document);
    ids.insert(ids.end(), part.begin(), part.end());
  }
  return ids;
}

} // namespace anec::rt
