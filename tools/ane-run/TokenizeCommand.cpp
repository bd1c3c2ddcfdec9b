//===- TokenizeCommand.cpp - ane-run tokenize -----------------------------===//
//
// Text files to one file of token ids with its sidecar, and vocabularies from
// text.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/AtomicFile.h"
#include "runtime/text/Documents.h"
#include "runtime/text/SentencePiece.h"
#include "tools/ane-run/Commands.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace anec::rt {
namespace {

namespace fs = std::filesystem;

struct TokenizeFlags {
  std::vector<std::string> texts;
  std::string output, tokenizer = "bytes";
  int32_t trainVocabulary = 0;
};

std::optional<Error> refuseExisting(const std::string &path) {
  std::error_code code;
  if (fs::exists(path, code))
    return makeError(ErrorCode::InvalidInput,
                     "{}: expects a file that does not exist", path);
  return std::nullopt;
}

/// Ids as little-endian integers of 16 or 32 bits.
std::string packIds(const std::vector<int32_t> &ids, int bits) {
  std::string bytes;
  bytes.reserve(ids.size() * size_t(bits / 8));
  for (int32_t id : ids)
    for (int shift = 0; shift < bits; shift += 8)
      bytes.push_back(char(uint32_t(id) >> shift));
  return bytes;
}

/// The tokenizer's name: trained first when asked for, absolute when a file, so
/// that runs find it from anywhere.
Result<std::string> tokenizerName(const TokenizeFlags &flags) {
  std::error_code code;
  if (flags.trainVocabulary > 0) {
    std::string model = fs::path(flags.output).replace_extension(".model");
    ANEC_TRY(trainSentencePiece(flags.texts, flags.trainVocabulary, model));
    return fs::absolute(model, code).string();
  }
  if (fs::exists(flags.tokenizer, code))
    return fs::absolute(flags.tokenizer, code).string();
  return flags.tokenizer;
}

Result<int> run(const TokenizeFlags &flags) {
  ANEC_TRY(refuseExisting(flags.output));
  ANEC_TRY(refuseExisting(flags.output + ".json"));
  ANEC_ASSIGN(std::string name, tokenizerName(flags));
  ANEC_ASSIGN(std::unique_ptr<Tokenizer> tokenizer, makeTokenizer(name));
  std::vector<int32_t> ids;
  size_t bytes = 0;
  for (const std::string &path : flags.texts) {
    ANEC_ASSIGN(std::string text, readFile(path));
    bytes += text.size();
    std::vector<int32_t> more = encodeDocuments(*tokenizer, text);
    ids.insert(ids.end(), more.begin(), more.end());
  }
  int bits = tokenizer->vocabularySize() > 65536 ? 32 : 16;
  nlohmann::json sidecar = {{"token_bits", bits},
                            {"tokenizer", name},
                            {"vocabulary", tokenizer->vocabularySize()},
                            {"tokens", ids.size()},
                            {"bytes", bytes}};
  ANEC_TRY(writeFileAtomically(flags.output + ".json",
                               std::string_view(sidecar.dump(1) + "\n")));
  ANEC_TRY(
      writeFileAtomically(flags.output, std::string_view(packIds(ids, bits))));
  fmt::print("{}: {} tokens of {}, {:.3f} bytes each\n", flags.output,
             ids.size(), name,
             ids.empty() ? 0.0 : double(bytes) / double(ids.size()));
  return 0;
}

} // namespace

void addTokenizeCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<TokenizeFlags>();
  CLI::App *command =
      app.add_subcommand("tokenize", "turn text into token data");
  command->add_option("TEXT", flags->texts, "text files, in order")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("-o,--output", flags->output, "the .bin file to write")
      ->required();
  CLI::Option *tokenizer = command
                               ->add_option("--tokenizer", flags->tokenizer,
                                            "bytes or a SentencePiece model")
                               ->capture_default_str();
  command
      ->add_option("--train-vocab", flags->trainVocabulary,
                   "train a SentencePiece model of N pieces on the texts "
                   "first, beside the output")
      ->check(CLI::Range(1, 1 << 20))
      ->excludes(tokenizer);
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt
