//===- ByteTokenizer.cpp - One token per byte -----------------------------===//
//
// Needs no file and no training, so a first run needs nothing but text.
//
//===----------------------------------------------------------------------===//
#include "runtime/text/Tokenizer.h"

#include <numeric>

namespace anec::rt {
namespace {

constexpr int32_t byteCount = 256;
constexpr int32_t beginOfText = 256;
constexpr int32_t endOfText = 257;
constexpr int32_t vocabulary = 288;

class ByteTokenizer final : public Tokenizer {
public:
  std::string name() const override { return "bytes"; }
  int32_t vocabularySize() const override { return vocabulary; }
  int32_t bos() const override { return beginOfText; }
  int32_t eos() const override { return endOfText; }

  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> ids;
    ids.reserve(text.size());
    for (char c : text)
      ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }

  std::string decode(Span<const int32_t> ids) const override {
    std::string text;
    text.reserve(ids.size());
    for (int32_t id : ids)
      if (id >= 0 && id < byteCount)
        text.push_back(static_cast<char>(id));
    return text;
  }

  std::vector<int32_t> requiredIds() const override {
    std::vector<int32_t> ids(endOfText + 1);
    std::iota(ids.begin(), ids.end(), 0);
    return ids;
  }
};

} // namespace

std::unique_ptr<Tokenizer> makeByteTokenizer() {
  return std::make_unique<ByteTokenizer>();
}

Result<std::unique_ptr<Tokenizer>> makeTokenizer(const std::string &name) {
  if (name == "bytes")
    return makeByteTokenizer();
  return loadSentencePiece(name);
}

} // namespace anec::rt
