//===- InfoCommand.cpp - ane-run info -------------------------------------===//
//
// What this machine and this build can do, and where a bundle runs what.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Bundle.h"
#include "runtime/device/DeviceFactory.h"
#include "runtime/device/ane/AneDevice.h"
#include "runtime/gemm/Bf16.h"
#include "runtime/gemm/Gemm.h"
#include "runtime/gemm/MatrixUnit.h"
#include "runtime/support/AtomicFile.h"
#include "runtime/support/Processors.h"
#include "runtime/support/Random.h"
#include "runtime/support/ThreadPool.h"
#include "tools/ane-run/Commands.h"
#include "tools/ane-run/DeviceOptions.h"
#include "tools/ane-run/SelfTest.h"

#include <hwy/targets.h>

#include <cctype>
#include <cmath>
#include <filesystem>

#include <sys/utsname.h>

namespace anec::rt {
namespace {

struct InfoFlags {
  bool selfTest = false;
  std::string placement, bundle, out;
  DeviceOptions device;
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

/// Who ran the test: nothing that tells one person's machine from another's.
nlohmann::json machine(const InfoFlags &flags) {
  utsname system{};
  uname(&system);
  nlohmann::json about = {
      {"device", flags.device.device},    {"system", system.sysname},
      {"release", system.release},        {"architecture", system.machine},
      {"threads", availableProcessors()}, {"bundle_format", Bundle::format}};
  if (flags.device.device != "ane")
    return about;
  if (Result<ane::EngineInfo> info =
          aneEngineInfo(AneOptions::fromEnvironment()))
    about["engine"] = {{"architecture", info->architecture},
                       {"system_build", info->systemBuild},
                       {"cores", info->cores},
                       {"engines", info->engines}};
  return about;
}

/// Sums of 129 f32 products: a few roundings of 2^-24 each.
bool checkProduct() {
  const double error = productError();
  const bool good = error < 1e-6;
  fmt::print("self-test     matrix product error {:.1e}: {}\n", error,
             good ? "good" : "wrong");
  return good;
}

/// Everything that a self-test needs, found before anything is printed.
struct SelfTestRun {
  std::string path;
  std::optional<Bundle> bundle;
  std::unique_ptr<Device> device;
};

Result<SelfTestRun> prepareSelfTest(const InfoFlags &flags, ThreadPool &pool) {
  SelfTestRun run;
  run.path = flags.out;
  if (run.path.empty()) {
    std::string name = flags.device.device;
    for (char &c : name)
      if (!std::isalnum(static_cast<unsigned char>(c)))
        c = '-';
    run.path = "self-test-" + name + ".json";
  }
  std::error_code ignored;
  if (std::filesystem::exists(run.path, ignored))
    return makeError(ErrorCode::InvalidInput,
                     "expects --out to be a new file, but '{}' exists",
                     run.path);
  if (!flags.bundle.empty()) {
    ANEC_ASSIGN(run.bundle, Bundle::open(flags.bundle));
  }
  ANEC_ASSIGN(run.device, flags.device.open(pool));
  return Result<SelfTestRun>(std::move(run));
}

Result<int> runSelfTest(const InfoFlags &flags, const SelfTestRun &run,
                        ThreadPool &pool) {
  const bool good = checkProduct();
  ANEC_ASSIGN(SelfTestResult result,
              selfTest(*run.device, run.bundle ? &*run.bundle : nullptr, pool,
                       [](const std::string &line) {
                         fmt::print("{}\n", line);
                         std::fflush(stdout); // the next may take the machine
                       }));
  result.report["machine"] = machine(flags);
  result.report["notes"] = run.device->counters().notes;
  ANEC_TRY(writeFileAtomically(run.path, result.report.dump(1) + "\n"));
  fmt::print("{} kernels failed that keep all rules; {}\n", result.failures,
             run.path);
  return good && result.failures == 0 ? 0 : 1;
}

Result<int> run(const InfoFlags &flags) {
  ANEC_TRY(flags.device.check());
  ThreadPool pool(flags.device.threads);
  SelfTestRun test;
  if (flags.selfTest) {
    ANEC_ASSIGN(test, prepareSelfTest(flags, pool));
  }
  fmt::print("bundle format {}\n", Bundle::format);
  fmt::print("devices       {}\n", deviceNames());
  if (const Result<ane::EngineInfo> engine =
          aneEngineInfo(AneOptions::fromEnvironment()))
    fmt::print("engine        {}, {} cores\n", engine->architecture,
               engine->cores);
  fmt::print("threads       {}\n", availableProcessors());
  fmt::print("vectors      ");
  for (int64_t targets = hwy::SupportedTargets() & HWY_TARGETS; targets != 0;
       targets &= targets - 1)
    fmt::print(" {}", hwy::TargetName(targets & -targets));
  fmt::print("\nmatrix unit   {}\n", nameOf(matrixUnit()));
  fmt::print("bf16          {}\n",
             matrixUnit() == MatrixUnit::Amx ? "tiles (AMX)"
             : matrixUnit() == MatrixUnit::Accelerate
                 ? "products of f32 (Accelerate)"
             : bf16Arithmetic() == Bf16Arithmetic::DotProduct
                 ? "dot products (AVX512-BF16)"
                 : "multiply-adds of f32");
  if (!flags.placement.empty())
    ANEC_TRY(printPlacement(flags.placement));
  return flags.selfTest ? runSelfTest(flags, test, pool) : Result<int>(0);
}

} // namespace

void addInfoCommand(CLI::App &app, Action &action) {
  auto flags = std::make_shared<InfoFlags>();
  CLI::App *command =
      app.add_subcommand("info", "devices, CPU features and versions");
  CLI::Option *selfTest = command->add_flag(
      "--self-test", flags->selfTest,
      "compare small kernels on --device with the CPU, and write one file that "
      "can be attached to a report");
  command
      ->add_option("--bundle", flags->bundle,
                   "with --self-test: run this bundle's kernels too")
      ->needs(selfTest);
  command
      ->add_option("--out", flags->out,
                   "with --self-test: the file (default: "
                   "self-test-DEVICE.json)")
      ->needs(selfTest);
  command->add_option("--placement", flags->placement,
                      "print which ops of a bundle run where");
  flags->device.addTo(*command, {"ane"});
  command->callback(
      [flags, &action] { action = [flags] { return run(*flags); }; });
}

} // namespace anec::rt
