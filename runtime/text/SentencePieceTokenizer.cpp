//===- SentencePieceTokenizer.cpp - Trained vocabularies ------------------===//
//
// Wraps a SentencePiece processor; the library reports errors as values.
//
//===----------------------------------------------------------------------===//
#include "runtime/text/Tokenizer.h"

#include <sentencepiece_processor.h>

#include <filesystem>

namespace anec::rt {
namespace {

class SentencePieceTokenizer final : public Tokenizer {
public:
  static Result<std::unique_ptr<Tokenizer>> load(const std::string &path);

  std::string name() const override { return path; }
  int32_t vocabularySize() const override { return processor.GetPieceSize(); }
  int32_t bos() const override { return processor.bos_id(); }
  int32_t eos() const override { return processor.eos_id(); }

  std::vector<int32_t> encode(std::string_view text) const override {
    return processor.EncodeAsIds(text);
  }

  std::string decode(Span<const int32_t> ids) const override {
    std::vector<int> known;
    known.reserve(ids.size());
    for (int32_t id : ids)
      if (id >= 0 && id < vocabularySize() && !processor.IsUnknown(id))
        known.push_back(id);
    return processor.DecodeIds(known);
  }

  std::vector<int32_t> requiredIds() const override {
    std::vector<int32_t> ids;
    for (int32_t id = 0; id < vocabularySize(); ++id)
      if (processor.IsControl(id) || processor.IsUnknown(id) ||
          processor.IsByte(id))
        ids.push_back(id);
    return ids;
  }

private:
  sentencepiece::SentencePieceProcessor processor;
  std::string path;
};

Result<std::unique_ptr<Tokenizer>>
SentencePieceTokenizer::load(const std::string &path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored))
    return makeError(ErrorCode::InvalidInput,
                     "expects a SentencePiece model at '{}', but there is no "
                     "such file",
                     path);
  auto tokenizer = std::make_unique<SentencePieceTokenizer>();
  auto status = tokenizer->processor.Load(path);
  if (!status.ok())
    return makeError(ErrorCode::InvalidInput,
                     "'{}' is not a SentencePiece model: {}", path,
                     status.ToString());
  tokenizer->path = path;
  if (tokenizer->bos() < 0 || tokenizer->eos() < 0)
    return makeError(ErrorCode::InvalidInput,
                     "expects '{}' to have begin-of-text and end-of-text "
                     "pieces, but their ids are {} and {}",
                     path, tokenizer->bos(), tokenizer->eos());
  return std::unique_ptr<Tokenizer>(std::move(tokenizer));
}

} // namespace

Result<std::unique_ptr<Tokenizer>> loadSentencePiece(const std::string &path) {
  return SentencePieceTokenizer::load(path);
}

} // namespace anec::rt
