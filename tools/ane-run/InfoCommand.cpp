//===- InfoCommand.cpp - ane-run info -------------------------------------===//
//
// What this machine and this build can do, and where a bundle runs what.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Bundle.h"
#include "runtime/device/DeviceFactory.h"
#include "runtime/gemm/Gemm.h"
#include "runtime/support/Random.h"
#include "runtime/support/ThreadPool.h"
#include "tools/ane-run/Commands.h"

#include <hwy/targets.h>

#include <cmath>
#include <thread>

namespace anec::rt {
namespace {

struct InfoFlags {
  bool selfTest = false;
  std::string placement;
};

/// The largest difference of a matrix product from its definition in double,
/// relative to the largest sum of magnitudes.
double productError() {
  const int64_t m = 37, n = 53, k = 129;
  std::vector<float> a(m * k), b(k * n), c(m * n);
  RandomStream random(1);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = float(random.normal(i));
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = float(random.normal(a.size() + i));
  ThreadPool pool;
  gemm(m, n, k, 1, ConstMatrix(a.data(), k), ConstMatrix(b.data(), n),
       GemmMode::Overwrite, Matrix(c.data(), n), pool);
  double worst = 0, scale = 0;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0, magnitude = 0;
      for (int64_t p = 0; p < k; ++p) {
        double term = double(a[size_t(i * k + p)]) * b[size_t(p * n + j)];
        sum += term;
        magnitude += std::abs(term);
      }
      worst = std::max(worst, std::abs(sum - c[size_t(i * n + j)]));
      scale = std::max(scale, magnitude);
    }
  return worst / scale;
}

/// Counts what one run of `steps` does, loops included.
void countSteps(const std::vector<Step> &steps, const Plan &plan, int64_t times,
                std::map<std::string, int64_t> &counts) {
  for (const Step &step : steps) {
    if (step.kind == Step::Kind::For)
      countSteps(step.body, plan, times * step.count, counts);
    else if (step.kind == Step::Kind::Dispatch)
      counts["device " + plan.kernels[step.kernel].name] += times;
    else if (step.kind == Step::Kind::Host)
      counts["host   " + step.name] += times;
  }
}

std::optional<Error> printPlacement(const std::string &path) {
  ANEC_ASSIGN(Bundle bundle, Bundle::open(path));
  for (const HostProgram &program : bundle.plan().programs) {
    std::map<std::string, int64_t> counts;
    countSteps(program.steps, bundle.plan(), 1, counts);
    fmt::print("{}\n", program.name);
    for (const auto &[what, count] : counts)
      fmt::print("  {:<32} {:>6}\n", what, count);
  }
  return std::nullopt;
}

Result<int> run(const InfoFlags &flags) {
  fmt::print("bundle format {}\n", Bundle::format);
  fmt::print("devices       {}\n", deviceNames());
  fmt::print("threads       {}\n", std::thread::hardware_concurrency());
  fmt::print("vectors      ");
  for (int64_t targets = hwy::SupportedTargets() & HWY_TARGETS; targets != 0;
       targets &= targets - 1)
    fmt::print(" {}", hwy::TargetName(targets & -targets));
  fmt::print("\n");
  if (!flags.placement.empty())
    ANEC_TRY(printPlacement(flags.placement));
  if (!flags.selfTest)
    return 0;
  // Sums of 129 f32 products: a few roundings of 2^-24 each.
  double error = productError();
  bool good = error < 1e-6;
  fmt::print("self-test     matrix product error {:.1e}: {}\n", error,
             good ? "good" : "wrong");
  return good ? 0 : 1;
}

} // namespace

void addInfoCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<InfoFlags>();
  CLI::App *command =
      app.add_subcommand("info", "devices, CPU features and versions");
  command->add_flag("--self-test", flags->selfTest,
                    "check the arithmetic of this machine");
  command->add_option("--placement", flags->placement,
                      "print which ops of a bundle run where");
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt
