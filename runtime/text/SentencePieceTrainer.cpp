//===- SentencePieceTrainer.cpp - Training a vocabulary -------------------===//
//
// See SentencePiece.h. Text is read here, so that separators are left out and
// a missing file is our error; the model arrives in memory and is renamed into
// place, so that a failure leaves no file.
//
//===----------------------------------------------------------------------===//
#include "runtime/text/SentencePiece.h"

#include "runtime/text/Documents.h"

#include <sentencepiece_trainer.h>

#include <filesystem>
#include <fstream>

namespace anec::rt {
namespace {

/// The lines of all texts, held in memory.
class Lines final : public sentencepiece::SentenceIterator {
public:
  std::optional<Error> add(const std::string &path) {
    std::ifstream file(path);
    if (!file)
      return makeError(ErrorCode::InvalidInput, "cannot read text '{}'", path);
    for (std::string line; std::getline(file, line);)
      if (!line.empty() && line != documentSeparator)
        lines.push_back(line);
    return std::nullopt;
  }

  bool done() const override { return next >= lines.size(); }
  void Next() override { ++next; }
  const std::string &value() const override { return lines[next]; }
  sentencepiece::util::Status status() const override { return {}; }

private:
  std::vector<std::string> lines;
  size_t next = 0;
};

std::unordered_map<std::string, std::string> options(int32_t vocabulary) {
  return {{"model_type", "bpe"},
          {"vocab_size", std::to_string(vocabulary)},
          {"normalization_rule_name", "identity"},
          {"remove_extra_whitespaces", "false"},
          {"allow_whitespace_only_pieces", "true"},
          {"character_coverage", "0.99995"},
          {"byte_fallback", "true"},
          {"split_digits", "true"},
          {"unk_surface", " \xE2\x81\x87 "},
          {"num_threads", "1"},
          {"minloglevel", "2"}};
}

} // namespace

std::optional<Error>
trainSentencePiece(const std::vector<std::string> &textFiles,
                   int32_t vocabulary, const std::string &path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored))
    return makeError(ErrorCode::InvalidInput,
                     "expects '{}' not to exist, but it does", path);
  Lines lines;
  for (const std::string &file : textFiles)
    ANEC_TRY(lines.add(file));

  std::string model;
  auto status = sentencepiece::SentencePieceTrainer::Train(options(vocabulary),
                                                           &lines, &model);
  if (!status.ok())
    return makeError(ErrorCode::InvalidInput,
                     "cannot train a vocabulary of {} pieces: {}", vocabulary,
                     status.ToString());

  std::string temporary = path + ".tmp";
  std::ofstream file(temporary, std::ios::binary);
  file.write(model.data(), static_cast<std::streamsize>(model.size()));
  file.close();
  std::error_code failure;
  if (file)
    std::filesystem::rename(temporary, path, failure);
  if (!file || failure) {
    std::filesystem::remove(temporary, ignored);
    return makeError(ErrorCode::Io, "cannot write vocabulary '{}'", path);
  }
  return std::nullopt;
}

} // namespace anec::rt
