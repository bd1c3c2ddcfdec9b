//===- SentencePiece.h - Training a vocabulary ------------------*- C++ -*-===//
//
// Trains SentencePiece models from text; Tokenizer.h reads them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TEXT_SENTENCEPIECE_H
#define ANEC_RUNTIME_TEXT_SENTENCEPIECE_H

#include "runtime/support/Result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace anec::rt {

/// Trains a byte-pair model with the options Llama's tokenizer was trained
/// with (identity normalisation, digits apart, byte fallback; unknown 0,
/// begin-of-text 1, end-of-text 2, bytes 3-258) and writes it to `path`, which
/// must not exist. Lines of only `<|endoftext|>` are left out. The same text
/// gives the same model.
/// Errors: a text cannot be read, it is too small for `vocabulary` pieces, or
/// `path` exists or cannot be written; then nothing is left at `path`.
std::optional<Error>
trainSentencePiece(const std::vector<std::string> &textFiles,
                   int32_t vocabulary, const std::string &path);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TEXT_SENTENCEPIECE_H
