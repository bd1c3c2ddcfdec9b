//===- Documents.h - A text file as training documents ----------*- C++ -*-===//
//
// How a .txt file becomes one row of tokens: the same rule for training,
// evaluation and `ane-run tokenize`.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TEXT_DOCUMENTS_H
#define ANEC_RUNTIME_TEXT_DOCUMENTS_H

#include "runtime/text/Tokenizer.h"

namespace anec::rt {

/// The line that ends a document in a text file (TinyStories uses the same).
inline constexpr std::string_view documentSeparator = "<|endoftext|>";

/// Documents of `text`: the parts between lines that hold only the separator,
/// without white space at their ends; empty ones are left out. Text without
/// separators is one document.
std::vector<std::string_view> splitDocuments(std::string_view text);

/// Every document of `text` as bos() and its tokens, one after the other, as
/// llama2.c lays out its pretokenised files.
std::vector<int32_t> encodeDocuments(const Tokenizer &tokenizer,
                                     std::string_view text);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TEXT_DOCUMENTS_H
