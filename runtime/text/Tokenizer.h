//===- Tokenizer.h - Text to token ids and back -----------------*- C++ -*-===//
//
// One interface for the built-in byte tokenizer and for SentencePiece models,
// among them Llama's tokenizer.model.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TEXT_TOKENIZER_H
#define ANEC_RUNTIME_TEXT_TOKENIZER_H

#include "runtime/support/Result.h"
#include "runtime/support/Span.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace anec::rt {

/// Immutable after construction; every method may be called from any thread.
class Tokenizer {
public:
  virtual ~Tokenizer() = default;

  /// For run.json and messages: "bytes", or the path of a SentencePiece model.
  virtual std::string name() const = 0;

  /// Ids are 0 .. vocabularySize() - 1.
  virtual int32_t vocabularySize() const = 0;

  /// The token in front of each document. Generation starts with it and stops
  /// when the model emits it or eos().
  virtual int32_t bos() const = 0;
  virtual int32_t eos() const = 0;

  /// The tokens of `text`, which is UTF-8 or any bytes. Specials are never
  /// added; the caller puts bos() where a document starts.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;

  /// The text of `ids`. Specials, reserved ids and ids outside the vocabulary
  /// have no text. A sequence cut inside a character gives cut UTF-8.
  virtual std::string decode(Span<const int32_t> ids) const = 0;

  /// Ascending ids that vocabulary compaction must keep although the data may
  /// not contain them: specials, and every byte, so that any prompt has an
  /// encoding.
  virtual std::vector<int32_t> requiredIds() const = 0;
};

/// One token per byte. Ids 0-255 are the bytes, 256 is begin-of-text, 257 is
/// end-of-text; 258-287 are reserved, because a vocabulary of 288 is a multiple
/// of 32.
std::unique_ptr<Tokenizer> makeByteTokenizer();

/// Reads a SentencePiece model. Errors: the file is missing, is not such a
/// model, or has no begin-of-text or end-of-text piece.
Result<std::unique_ptr<Tokenizer>> loadSentencePiece(const std::string &path);

/// "bytes" or the path of a SentencePiece model, as flags and files spell it.
Result<std::unique_ptr<Tokenizer>> makeTokenizer(const std::string &name);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TEXT_TOKENIZER_H
