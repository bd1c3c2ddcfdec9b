//===- GenerateCommand.cpp - ane-run generate -----------------------------===//
//
// Prints text as it is drawn.
//
//===----------------------------------------------------------------------===//
#include "runtime/text/Generate.h"
#include "runtime/train/LanguageModel.h"
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/TrainedModel.h"

namespace anec::rt {
namespace {

struct GenerateFlags {
  std::string bundle, checkpoint, prompt, tokenizer;
  GenerateOptions options;
  DeviceOptions device;
};

Result<int> run(const GenerateFlags &flags) {
  ANEC_ASSIGN(TrainedModel model,
              TrainedModel::open(flags.bundle, flags.checkpoint, flags.device));
  ANEC_ASSIGN(std::unique_ptr<Tokenizer> tokenizer,
              model.tokenizer(flags.tokenizer));
  // As training data: each document begins with the begin-of-text token.
  std::vector<int32_t> prompt = {tokenizer->bos()};
  for (int32_t token : tokenizer->encode(flags.prompt))
    prompt.push_back(token);
  auto logits = [&model](Span<const int32_t> tokens) {
    return nextLogits(*model.executor, tokens);
  };
  // Pieces may hold parts of characters and of words: print what the whole
  // text gained.
  std::vector<int32_t> text = prompt;
  std::string printed = tokenizer->decode(Span<const int32_t>(text));
  fmt::print("{}", printed);
  auto print = [&](int32_t token) {
    text.push_back(token);
    std::string now = tokenizer->decode(Span<const int32_t>(text));
    if (now.size() > printed.size())
      fmt::print("{}", now.substr(printed.size()));
    printed = std::move(now);
    std::fflush(stdout);
  };
  auto added = generate(prompt, {tokenizer->bos(), tokenizer->eos()},
                        flags.options, logits, print);
  fmt::print("\n");
  if (!added)
    return added.error();
  return 0;
}

} // namespace

void addGenerateCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<GenerateFlags>();
  CLI::App *command = app.add_subcommand("generate", "continue a prompt");
  command->add_option("BUNDLE", flags->bundle, "what anec wrote")->required();
  command
      ->add_option("--checkpoint", flags->checkpoint,
                   "a checkpoint, or a run to take the newest of")
      ->required();
  command->add_option("--prompt", flags->prompt, "text to continue")
      ->required();
  command
      ->add_option("--tokens", flags->options.tokens, "tokens to add at most")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 30))
      ->capture_default_str();
  command
      ->add_option("--temperature", flags->options.temperature,
                   "0 takes the most likely token")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command
      ->add_option("--top-p", flags->options.topP,
                   "draw from the likeliest tokens of this probability")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--seed", flags->options.seed, "of the draws")
      ->capture_default_str();
  command->add_option("--tokenizer", flags->tokenizer,
                      "bytes or a SentencePiece model (default: that of the "
                      "checkpoint)");
  flags->device.addTo(*command, {"ane", "f32"});
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt
