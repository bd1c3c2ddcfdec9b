//===- EvalCommand.cpp - ane-run eval -------------------------------------===//
//
// The loss of a checkpoint over all of a file.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Batch.h"
#include "runtime/train/TrainData.h"
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/TrainedModel.h"

#include <cmath>

namespace anec::rt {
namespace {

struct EvalFlags {
  std::string bundle, checkpoint, data, tokenizer;
  int tokenBits = 0;
  uint64_t seed = 1;
  int64_t batches = 0;
  DeviceOptions device;
};

Result<int> run(const EvalFlags &flags) {
  ANEC_ASSIGN(TrainedModel model,
              TrainedModel::open(flags.bundle, flags.checkpoint, flags.device));
  const Plan &plan = model.bundle->plan();
  std::unique_ptr<Tokenizer> tokenizer;
  bool text = flags.data.size() > 4 &&
              flags.data.compare(flags.data.size() - 4, 4, ".txt") == 0;
  if (text) {
    ANEC_ASSIGN(tokenizer, model.tokenizer(flags.tokenizer));
  }
  TokenDataOptions open;
  open.vocabulary = plan.vocabulary;
  open.sequence = plan.sequence;
  open.tokenBits = flags.tokenBits;
  open.tokenizer = tokenizer.get();
  open.seed = flags.seed;
  int64_t bytes = 0, tokens = 0;
  ANEC_ASSIGN(std::unique_ptr<Dataset> data,
              openEvaluationData(plan, flags.data, model.store->vocabulary(),
                                 open, &bytes, &tokens));
  ANEC_ASSIGN(double loss, meanLoss(*model.executor, *data, flags.batches));
  fmt::print("loss {:.6f}\n", loss);
  if (plan.vocabulary > 0) {
    fmt::print("perplexity {:.4f}\n", std::exp(loss));
    fmt::print("vocabulary {} of {} tokens active\n",
               model.store->vocabulary().size(), plan.vocabulary);
  }
  if (bytes > 0)
    fmt::print("bits_per_byte {:.6f}\n",
               loss / std::log(2.0) * double(tokens) / double(bytes));
  return std::isfinite(loss) ? 0 : 1;
}

} // namespace

void addEvalCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<EvalFlags>();
  CLI::App *command =
      app.add_subcommand("eval", "mean loss of a checkpoint on data");
  command->add_option("BUNDLE", flags->bundle, "what anec wrote")->required();
  command
      ->add_option("--checkpoint", flags->checkpoint,
                   "a checkpoint, or a run to take the newest of")
      ->required();
  command
      ->add_option("--data", flags->data,
                   "FILE.bin, FILE.txt, FILE.npy or synthetic:N")
      ->required();
  command
      ->add_option("--batches", flags->batches,
                   "batches, spread over the data (default: all of it)")
      ->check(CLI::Range(int64_t(1), INT64_MAX));
  command
      ->add_option("--token-bits", flags->tokenBits,
                   "width of ids in .bin files")
      ->check(CLI::IsMember({16, 32}));
  command->add_option("--tokenizer", flags->tokenizer,
                      "for .txt data (default: that of the checkpoint)");
  command->add_option("--seed", flags->seed, "of synthetic data")
      ->capture_default_str();
  flags->device.addTo(*command, {"ane", "f32"});
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt
