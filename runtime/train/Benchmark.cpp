//===- Benchmark.cpp - How fast a bundle trains ---------------------------===//
//
// The training loop without files around it.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Benchmark.h"

#include "runtime/gemm/Bf16.h"
#include "runtime/gemm/MatrixUnit.h"
#include "runtime/gemm/Peak.h"
#include "runtime/support/Stopwatch.h"
#include "runtime/train/ApplyUpdate.h"
#include "runtime/train/Batch.h"
#include "runtime/train/DeviceAdamW.h"
#include "runtime/train/Report.h"
#include "runtime/train/TrainData.h"

#include <algorithm>

namespace anec::rt {
namespace {

using Seconds = std::map<std::string, double>;

/// Matrix products by name, on the device and on the host.
const char *const deviceProducts[] = {"matmul", "conv", "linear", "einsum",
                                      "scaled_dot_product_attention"};
const char *const hostProducts[] = {"host_linear", "host_matmul"};

template <size_t N>
double total(const Seconds &seconds, const char *const (&names)[N]) {
  double sum = 0;
  for (const char *name : names)
    if (auto found = seconds.find(name); found != seconds.end())
      sum += found->second;
  return sum;
}

double median(std::vector<double> values) {
  auto middle = values.begin() + int64_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double rate(double operations, double seconds) {
  return seconds > 0 ? operations / seconds / 1e9 : 0;
}

/// The instructions of products on the host, of all but the shortest sums.
const char *hostArithmetic(GemmPrecision precision) {
  if (matrixUnit() != MatrixUnit::None)
    return nameOf(matrixUnit());
  const bool isDot = precision == GemmPrecision::Bf16 &&
                     bf16Arithmetic() == Bf16Arithmetic::DotProduct;
  return isDot ? "dot_product" : "multiply_add";
}

/// Random sequences: of real numbers, or of tokens of the active vocabulary.
Result<std::unique_ptr<Dataset>>
makeData(const Plan &plan, const ActiveVocabulary &vocabulary, uint64_t seed) {
  const std::string name = "synthetic:64";
  if (plan.vocabulary == 0)
    return openRealDataset(name, realDataShape(plan), seed);
  TokenDataOptions open;
  open.vocabulary = plan.vocabulary;
  open.syntheticVocabulary = vocabulary.size();
  open.sequence = plan.sequence;
  open.seed = seed;
  ANEC_ASSIGN(TokenData tokens, TokenData::open(name, open));
  return makeTokenDataset(std::move(tokens), vocabulary, plan.sequence, seed);
}

Result<ActiveVocabulary> chooseVocabulary(const Plan &plan,
                                          const BenchmarkOptions &options) {
  const int64_t rows =
      options.activeVocabulary ? options.activeVocabulary : plan.activeRows;
  if (rows == 0)
    return ActiveVocabulary(plan.vocabulary);
  if (!plan.compactable)
    return makeError(ErrorCode::InvalidInput,
                     "expects no --active-vocab, since the model uses all {} "
                     "tokens of its vocabulary",
                     plan.vocabulary);
  return ActiveVocabulary::fill(plan.vocabulary, rows, {});
}

/// As training does by default.
constexpr double clip = 1;

/// Everything a timed update needs.
class Training {
public:
  Training(const Bundle &bundle, const BenchmarkOptions &options,
           ThreadPool &pool)
      : bundle(bundle), options(options), pool(pool) {}

  std::optional<Error> prepare(Device &device) {
    const Plan &plan = bundle.plan();
    ANEC_ASSIGN(ActiveVocabulary vocabulary, chooseVocabulary(plan, options));
    ANEC_ASSIGN(data, makeData(plan, vocabulary, options.seed));
    store.emplace(plan, std::move(vocabulary), options.seed, pool);
    if (options.optimizer)
      optimizer.emplace(*store, AdamWOptions(), pool);
    ANEC_ASSIGN(executor,
                Executor<float>::create(bundle, device, *store, pool));
    if (options.overlap)
      executor->workBeside(*options.overlap);
    ANEC_TRY(executor->setHostPrecision(options.hostPrecision));
    // As training starts in fp16; smaller than where gradients overflow.
    if (device.numerics() == Numerics::Ane)
      lossScale = 1024;
    executor->setLossScale(lossScale);
    ANEC_TRY(executor->run("stage"));
    return optimizer ? putStates(*executor, *optimizer, momentUnit(clip))
                     : std::nullopt;
  }

  std::optional<Error> update(int64_t number) {
    store->zeroGradients();
    for (int64_t m = 0; m < options.accumulation; ++m) {
      const int64_t step = number * options.accumulation + m;
      const std::string program = executor->microStep(m);
      putTrainingBatch(*executor, *bundle.plan().program(program), *data,
                       uint64_t(step * bundle.plan().batch));
      executor->expectNorm(optimizer && m + 1 == options.accumulation);
      ANEC_ASSIGN(double loss, runForLoss(*executor, program));
      lastLoss = loss;
    }
    ANEC_TRY(executor->finishGradients());
    if (!optimizer)
      return std::nullopt;
    UpdateRule rule{3e-4, 1 / (lossScale * double(options.accumulation)), clip};
    const AppliedUpdate applied =
        applyUpdate(*executor, *optimizer, rule, optimizerSeconds);
    for (const auto &error : {applied.stagingError, applied.updateError})
      if (error)
        return error;
    if (applied.skipped)
      return makeError(ErrorCode::Diverged,
                       "expects finite gradients, but update {} had norm {}",
                       number, applied.norm);
    return std::nullopt;
  }

  std::unique_ptr<Executor<float>> executor;
  std::optional<ParameterStore<float>> store;
  double optimizerSeconds = 0, lastLoss = 0;

private:
  const Bundle &bundle;
  const BenchmarkOptions &options;
  ThreadPool &pool;
  std::unique_ptr<Dataset> data;
  std::optional<Optimizer> optimizer;
  double lossScale = 1;
};

/// What was counted up to some moment.
struct Counts {
  Seconds phases, operators;
  double hostFlops = 0, deviceFlops = 0;

  Counts(const Training &training, const Device &device)
      : phases(training.executor->counters().seconds),
        operators(device.counters().operatorSeconds),
        hostFlops(training.executor->counters().hostFlops),
        deviceFlops(training.executor->counters().deviceFlops) {
    phases["optimizer"] = training.optimizerSeconds;
  }
};

/// What came after `before`; without what took no time.
Seconds difference(const Seconds &after, const Seconds &before) {
  Seconds result;
  for (const auto &[name, seconds] : after) {
    auto found = before.find(name);
    const double spent =
        seconds - (found == before.end() ? 0.0 : found->second);
    if (spent > 0)
      result[name] = spent;
  }
  return result;
}

nlohmann::json perMicroStep(const Seconds &seconds, double microSteps) {
  nlohmann::json result = nlohmann::json::object();
  for (const auto &[name, spent] : seconds)
    result[name] = spent * 1000 / microSteps;
  return result;
}

nlohmann::json productRates(const Counts &before, const Counts &after,
                            double microSteps, double peak, double amxPeak) {
  const double device =
      total(difference(after.operators, before.operators), deviceProducts);
  const double host =
      total(difference(after.phases, before.phases), hostProducts);
  const double deviceFlops = after.deviceFlops - before.deviceFlops;
  const double hostFlops = after.hostFlops - before.hostFlops;
  return {{"gflops",
           {{"device", rate(deviceFlops, device)},
            {"host", rate(hostFlops, host)}}},
          {"gflop_per_micro_step",
           {{"device", deviceFlops / 1e9 / microSteps},
            {"host", hostFlops / 1e9 / microSteps}}},
          {"gemm_ms", (device + host) * 1000 / microSteps},
          {"peak_gflops", peak / 1e9},
          {"amx_peak_gflops", amxPeak / 1e9},
          {"gemm_share_of_peak",
           rate(deviceFlops + hostFlops, device + host) / (peak / 1e9)}};
}

} // namespace

Result<nlohmann::json> benchmarkTraining(const Bundle &bundle, Device &device,
                                         ThreadPool &pool,
                                         const BenchmarkOptions &options) {
  ANEC_TRY(requireTraining(bundle, "time"));
  Training training(bundle, options, pool);
  ANEC_TRY(training.prepare(device));
  for (int64_t i = 0; i < options.warmup; ++i)
    ANEC_TRY(training.update(i));

  // The peaks before and after: clocks drift within a run.
  const double peakBefore = measurePeakFlops(pool);
  const double amxPeakBefore = measureAmxPeakFlops(pool);
  const Counts before(training, device);
  std::vector<double> times;
  for (int64_t i = 0; i < options.steps; ++i) {
    double seconds = 0;
    {
      Stopwatch watch(seconds);
      ANEC_TRY(training.update(options.warmup + i));
    }
    times.push_back(seconds / double(options.accumulation));
  }
  const Counts after(training, device);
  const double peak = (peakBefore + measurePeakFlops(pool)) / 2;
  const double amxPeak = (amxPeakBefore + measureAmxPeakFlops(pool)) / 2;

  const Plan &plan = bundle.plan();
  const double microSteps = double(options.steps * options.accumulation);
  const double typical = median(times);
  nlohmann::json result = {
      {"model", plan.model},
      {"steps", options.steps},
      {"accum", options.accumulation},
      {"optimizer", options.optimizer},
      {"numerics", device.numerics() == Numerics::Ane ? "ane" : "f32"},
      {"host_precision", hostPrecisionName(options.hostPrecision)},
      {"host_arithmetic", hostArithmetic(options.hostPrecision)},
      {"threads", pool.size()},
      {"rows", training.store->vocabulary().size()},
      {"loss", training.lastLoss},
      {"ms_per_micro_step", typical * 1000},
      {"tokens_per_s", double(plan.batch * plan.sequence) / typical},
      {"phases",
       perMicroStep(difference(after.phases, before.phases), microSteps)},
      {"operators",
       perMicroStep(difference(after.operators, before.operators), microSteps)},
      {"overlap", overlapOf(training.executor->counters().background,
                            training.executor->counters().compiling)},
      {"peak_rss_bytes", peakResidentBytes()}};
  result.update(productRates(before, after, microSteps, peak, amxPeak));
  return result;
}

/// The entries of `times`, the longest first.
static std::string formatTimes(const nlohmann::json &times) {
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto &[name, time] : times.items())
    sorted.emplace_back(time.get<double>(), name);
  std::sort(sorted.rbegin(), sorted.rend());
  std::string text;
  for (const auto &[time, name] : sorted)
    text += fmt::format("  {:<28} {:>9.3f} ms\n", name, time);
  return text;
}

std::string formatBenchmark(const nlohmann::json &result) {
  auto number = [&](const char *name) { return result[name].get<double>(); };
  std::string text = fmt::format(
      "{}: {:.1f} ms per micro-step, {:.0f} tokens/s, {} threads, {} rows, "
      "peak memory {:.0f} MiB\n",
      result["model"].get<std::string>(), number("ms_per_micro_step"),
      number("tokens_per_s"), result["threads"].get<int>(),
      result["rows"].get<int64_t>(), number("peak_rss_bytes") / (1 << 20));
  text += fmt::format(
      "products: {:.1f} ms, {:.0f} GFLOP/s on the device, {:.0f} on the host "
      "({}), {:.0f} peak: {:.0f} % of it\n",
      number("gemm_ms"), result["gflops"]["device"].get<double>(),
      result["gflops"]["host"].get<double>(),
      result["host_precision"].get<std::string>(), number("peak_gflops"),
      100 * number("gemm_share_of_peak"));
  if (const double amx = number("amx_peak_gflops"); amx > 0)
    text += fmt::format("AMX: {:.0f} GFLOP/s of bf16 peak, of which products "
                        "of fp16 take four for one and those of f32 six\n",
                        amx);
  text += formatOverlap(result["overlap"]);
  text += "phases, per micro-step\n" + formatTimes(result["phases"]);
  text += "operators on the device, per micro-step\n" +
          formatTimes(result["operators"]);
  text.pop_back(); // the last line break
  return text;
}

} // namespace anec::rt
