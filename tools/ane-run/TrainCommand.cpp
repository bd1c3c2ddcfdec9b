//===- TrainCommand.cpp - ane-run train -----------------------------------===//
//
// Flags of a training run; the work is Trainer's.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Trainer.h"
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/DeviceOptions.h"
#include "tools/ane-run/Restart.h"

#include <charconv>

namespace anec::rt {
namespace {

struct TrainFlags {
  std::string bundle;
  TrainOptions train;
  DeviceOptions device;
  std::string lossScale, handover;
  bool noCompact = false;
  bool quiet = false;
};

/// "dynamic" or a positive number.
std::optional<Error> parseLossScale(const std::string &text,
                                    TrainFlags &flags) {
  if (text == "dynamic") {
    flags.train.dynamicLossScale = true;
    return std::nullopt;
  }
  char *end = nullptr;
  double scale = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !(scale > 0) || scale > 1e30)
    return makeError(ErrorCode::InvalidInput,
                     "expects --loss-scale dynamic or a positive number, but "
                     "got '{}'",
                     text);
  flags.train.lossScale = scale;
  return std::nullopt;
}

Result<int> train(TrainFlags &flags) {
  if (!flags.lossScale.empty())
    ANEC_TRY(parseLossScale(flags.lossScale, flags));
  flags.train.compact = !flags.noCompact;
  flags.train.mayRestart = true;
  if (!flags.handover.empty()) {
    ANEC_ASSIGN(flags.train.handover, parseHandover(flags.handover));
  }
  ThreadPool pool(flags.device.threads);
  ANEC_ASSIGN(Bundle bundle, Bundle::open(flags.bundle));
  ANEC_ASSIGN(std::unique_ptr<Device> device, flags.device.open(pool));
  auto print = [&flags](const std::string &line) {
    if (flags.quiet)
      return;
    fmt::print("{}\n", line);
    std::fflush(stdout);
  };
  ANEC_ASSIGN(std::unique_ptr<Trainer> trainer,
              Trainer::create(bundle, *device, pool, flags.train, print));
  Result<nlohmann::json> report = trainer->run();
  if (!report && report.error().code == ErrorCode::RestartRequired) {
    print("restarting: " + report.error().message);
    const HandoverDescriptors handover = trainer->handover();
    const double delay = trainer->restartDelay();
    // Nothing is destroyed by exec: temporary folders of the device would stay.
    trainer.reset();
    device.reset();
    return restartProcess(handover, delay);
  }
  if (!report)
    return report.error();
  print(formatReport(*report));
  return 0;
}

void addDataFlags(CLI::App &command, TrainOptions &options) {
  command
      .add_option("--data", options.data,
                  "FILE.bin, FILE.txt, FILE.npy or synthetic:N")
      ->required();
  command.add_option("--val", options.validation, "validation data");
  command
      .add_option("--val-every", options.validationEvery,
                  "updates between validations")
      ->check(CLI::Range(int64_t(1), INT64_MAX))
      ->capture_default_str();
  command
      .add_option("--val-batches", options.validationBatches,
                  "batches of one validation; 0 for all of the data")
      ->check(CLI::Range(int64_t(0), INT64_MAX))
      ->capture_default_str();
  command
      .add_option("--token-bits", options.tokenBits,
                  "width of ids in .bin files")
      ->check(CLI::IsMember({16, 32}));
  command.add_option("--tokenizer", options.tokenizer,
                     "bytes or a SentencePiece model, for .txt data");
}

void addOptimizerFlags(CLI::App &command, TrainOptions &options) {
  auto number = [&command](const char *name, double &value, double minimum,
                           double maximum, const char *help) {
    command.add_option(name, value, help)
        ->check(CLI::Range(minimum, maximum))
        ->capture_default_str();
  };
  command
      .add_option("--accum", options.accumulation, "micro-steps of one update")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20))
      ->capture_default_str();
  number("--lr", options.learningRate, 0, 1e6, "peak learning rate");
  number("--min-lr-frac", options.minimumRateFraction, 0, 1,
         "where the cosine ends, as a part of the peak");
  command
      .add_option("--warmup", options.warmup,
                  "updates of warm-up (default: a tenth of the steps)")
      ->check(CLI::Range(int64_t(0), INT64_MAX));
  number("--clip", options.clip, 0, 1e30, "largest gradient norm; 0: none");
  number("--weight-decay", options.weightDecay, 0, 1e6,
         "decoupled decay of tensors of rank 2 and more");
  number("--beta1", options.beta1, 0, 0.999999, "AdamW");
  number("--beta2", options.beta2, 0, 0.999999999, "AdamW");
}

} // namespace

void addTrainCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<TrainFlags>();
  TrainOptions &options = flags->train;
  options.launched = Trainer::now();
  CLI::App *command = app.add_subcommand("train", "train a bundle");
  command->add_option("BUNDLE", flags->bundle, "what anec wrote")->required();
  addDataFlags(*command, options);
  command->add_option("--steps", options.steps, "updates")
      ->required()
      ->check(CLI::Range(int64_t(1), int64_t(1) << 40));
  command->add_option("--out", options.output, "the run folder to make")
      ->required();
  addOptimizerFlags(*command, options);
  command->add_option("--loss-scale", flags->lossScale,
                      "dynamic or a number (default: dynamic; 1 with f32)");
  command->add_option("--seed", options.seed, "of data order and parameters")
      ->capture_default_str();
  command->add_option("--init", options.initialize,
                      "safetensors file or folder to start from");
  command->add_flag("--no-compact", flags->noCompact,
                    "train all tokens, not only those of the data");
  command->add_flag("--resume", options.resume,
                    "continue the run from its last checkpoint");
  command
      ->add_option("--checkpoint-every", options.checkpointEvery,
                   "updates between checkpoints")
      ->check(CLI::Range(int64_t(1), INT64_MAX))
      ->capture_default_str();
  command->add_option("--keep", options.keep, "checkpoints to keep")
      ->check(CLI::Range(int64_t(1), INT64_MAX))
      ->capture_default_str();
  flags->device.addTo(*command, {"ane", "f32"});
  addOverlapFlag(*command, options.overlap);
  addHostPrecisionFlag(*command, options.hostPrecision);
  command->add_option(handoverFlag, flags->handover)->group(""); // hidden
  command->add_flag("--quiet", flags->quiet, "print nothing but errors");
  command->callback(
      [flags, &action] { action = [flags] { return train(*flags); }; });
}

} // namespace anec::rt
