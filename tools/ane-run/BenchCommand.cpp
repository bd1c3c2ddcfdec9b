//===- BenchCommand.cpp - ane-run bench -----------------------------------===//
//
// Where the time of a training step goes.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Benchmark.h"
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/DeviceOptions.h"

namespace anec::rt {
namespace {

struct BenchFlags {
  std::string bundle;
  BenchmarkOptions options;
  bool noOptimizer = false, json = false;
  DeviceOptions device;
};

Result<int> run(BenchFlags &flags) {
  flags.options.optimizer = !flags.noOptimizer;
  ThreadPool pool(flags.device.threads);
  ANEC_ASSIGN(Bundle bundle, Bundle::open(flags.bundle));
  ANEC_ASSIGN(std::unique_ptr<Device> device, flags.device.open(pool));
  ANEC_ASSIGN(nlohmann::json result,
              benchmarkTraining(bundle, *device, pool, flags.options));
  fmt::print("{}\n", flags.json ? result.dump(1) : formatBenchmark(result));
  return 0;
}

} // namespace

void addBenchCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<BenchFlags>();
  BenchmarkOptions &options = flags->options;
  CLI::App *command =
      app.add_subcommand("bench", "time training on random data, by phase");
  command->add_option("BUNDLE", flags->bundle, "what anec wrote")->required();
  command->add_option("--steps", options.steps, "updates to time")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20))
      ->capture_default_str();
  command
      ->add_option("--accum", options.accumulation, "micro-steps of one update")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20))
      ->capture_default_str();
  command->add_flag("--no-optimizer", flags->noOptimizer,
                    "forward and backward only");
  command
      ->add_option("--active-vocab", options.activeVocabulary,
                   "tokens that take part (default: all)")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 31));
  command->add_flag("--json", flags->json, "one JSON object");
  flags->device.addTo(*command, {"ane", "f32"});
  addHostPrecisionFlag(*command, options.hostPrecision);
  addOverlapFlag(*command, options.overlap);
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt
