//===- GradcheckCommand.cpp - ane-run gradcheck ---------------------------===//
//
// A table of every parameter tensor's gradient against central differences.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/GradientCheck.h"
#include "runtime/train/TrainData.h"
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/DeviceOptions.h"

#include <algorithm>

namespace anec::rt {
namespace {

struct GradcheckFlags {
  std::string bundle, data, initialize, dump;
  GradientCheckOptions options;
  DeviceOptions device;
};

/// The data, random tokens unless --data says otherwise. All tokens are active
/// but where the bundle was compiled for fewer.
Result<TrainData> openData(const Plan &plan, const GradcheckFlags &flags) {
  TrainOptions options;
  options.data =
      flags.data.empty()
          ? fmt::format("synthetic:{}",
                        std::max<int64_t>(4, flags.options.accumulation) *
                            plan.batch)
          : flags.data;
  options.seed = flags.options.seed;
  options.compact = plan.activeRows != 0;
  return openTrainData(plan, options);
}

/// Everything up to gradients in the store; returns the loss.
template <typename Real, typename Use>
Result<int> withModel(const GradcheckFlags &flags, const Use &use) {
  ThreadPool pool(flags.device.threads);
  ANEC_ASSIGN(Bundle bundle, Bundle::open(flags.bundle));
  ANEC_ASSIGN(std::unique_ptr<Device> device, flags.device.open(pool));
  ANEC_ASSIGN(TrainData data, openData(bundle.plan(), flags));
  ParameterStore<Real> store(bundle.plan(), data.vocabulary, flags.options.seed,
                             pool);
  if (!flags.initialize.empty())
    ANEC_TRY(store.load(flags.initialize));
  else
    spreadParameters(store, flags.options.seed);
  ANEC_ASSIGN(std::unique_ptr<Executor<Real>> executor,
              Executor<Real>::create(bundle, *device, store, pool));
  ANEC_ASSIGN(double loss,
              computeGradients(*executor, *data.training, flags.options));
  if (!flags.dump.empty())
    ANEC_TRY(writeGradients(store, loss, flags.dump));
  return use(*executor, *data.training);
}

Result<int> check(Executor<double> &executor, const Dataset &data,
                  const GradientCheckOptions &options) {
  fmt::print("{:<36} {:>10} {:>11} {:>10} {:>13} {:>13}\n", "tensor",
             "elements", "rms", "error", "gradient", "difference");
  auto print = [](const GradientRow &row) {
    fmt::print("{:<36} {:>10} {:>11.4e} {:>10.2e} {:>13.5e} {:>13.5e}{}\n",
               row.tensor, row.elements, row.rms, row.error, row.gradient,
               row.difference,
               row.passes() ? "" : fmt::format("  MISS at {}", row.element));
    std::fflush(stdout);
  };
  ANEC_ASSIGN(std::vector<GradientRow> rows,
              checkGradients(executor, data, options, print));
  size_t missed = 0;
  for (const GradientRow &row : rows)
    missed += !row.passes();
  fmt::print("{} tensors, {} samples each, {} above {:.0e}\n", rows.size(),
             options.samples, missed, GradientRow::threshold);
  return missed ? 1 : 0;
}

Result<int> run(const GradcheckFlags &flags) {
  if (flags.device.numerics == "f64")
    return withModel<double>(
        flags, [&](Executor<double> &executor, const Dataset &data) {
          return check(executor, data, flags.options);
        });
  if (flags.dump.empty())
    return makeError(
        ErrorCode::InvalidInput,
        "expects --dump with --numerics {}, since differences need "
        "f64",
        flags.device.numerics);
  return withModel<float>(
      flags, [](Executor<float> &, const Dataset &) { return Result<int>(0); });
}

} // namespace

void addGradcheckCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<GradcheckFlags>();
  CLI::App *command = app.add_subcommand(
      "gradcheck", "compare every gradient with central differences in f64");
  command->add_option("BUNDLE", flags->bundle, "what anec wrote")->required();
  command
      ->add_option(
          "--samples", flags->options.samples,
          "elements of each tensor, half of them the largest gradients")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 20))
      ->capture_default_str();
  command
      ->add_option("--seed", flags->options.seed,
                   "of parameters, data and samples")
      ->capture_default_str();
  command
      ->add_option("--accum", flags->options.accumulation,
                   "micro-steps of the update")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 16))
      ->capture_default_str();
  command
      ->add_option("--loss-scale", flags->options.lossScale,
                   "what gradients are multiplied by on the device")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--data", flags->data,
                      "data of the batches (default: random)");
  command->add_option("--init", flags->initialize,
                      "safetensors with parameters (default: random, spread "
                      "more than initial values)");
  command->add_option("--dump", flags->dump,
                      "write the gradients to this safetensors file");
  flags->device.addTo(*command, {"f64", "f32", "ane"});
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt
