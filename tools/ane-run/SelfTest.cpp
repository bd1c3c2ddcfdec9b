//===- SelfTest.cpp - Does a device compute what it should ----------------===//

#include "tools/ane-run/SelfTest.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/mil/Blob.h"
#include "runtime/support/ThreadPool.h"
#include "tools/ane-run/KernelRun.h"
#include "tools/ane-run/KernelText.h"
#include "tools/ane-run/SelfTestForms.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace anec::rt {

namespace {

using nlohmann::json;
using Status = KernelOutcome::Status;

/// Relative to the largest result. The engine's tables of activations are off
/// by up to 0.0059 (num-lut) and its sums are rounded in other places than
/// ours; data in a wrong place or order is off by the results themselves.
double toleranceFor(double largest) { return 0.01 * std::max(1.0, largest); }

const char *nameOf(Status status) {
  switch (status) {
  case Status::Good:
    return "good";
  case Status::Wrong:
    return "wrong";
  case Status::Refused:
    break;
  }
  return "refused";
}

/// The outputs of one run; `milliseconds` is set when it is not null.
Result<std::vector<Halves>> outputsOn(Device &device, const ProgramFiles &files,
                                      double deviation, double *milliseconds) {
  ANEC_ASSIGN(KernelRun run, KernelRun::load(device, files));
  const ane::Signature &ports = run.signature();
  for (size_t i = 0; i < ports.inputs.size(); ++i)
    ANEC_TRY(run.write(
        i, randomHalves(ports.inputs[i].channels * ports.inputs[i].width,
                        deviation, 7 + i)));
  const auto start = std::chrono::steady_clock::now();
  ANEC_TRY(run.run());
  if (milliseconds)
    *milliseconds = std::chrono::duration<double, std::milli>(
                        std::chrono::steady_clock::now() - start)
                        .count();
  std::vector<Halves> outputs;
  for (size_t i = 0; i < ports.outputs.size(); ++i) {
    ANEC_ASSIGN(Halves output, run.read(i));
    outputs.push_back(std::move(output));
  }
  return Result<std::vector<Halves>>(std::move(outputs));
}

json toJson(const std::string &name, const KernelOutcome &outcome) {
  json entry = {{"name", name}, {"status", nameOf(outcome.status)}};
  if (outcome.status == Status::Refused) {
    entry["message"] = outcome.message;
    return entry;
  }
  entry["ms"] = outcome.milliseconds;
  entry["tolerance"] = outcome.tolerance;
  // Infinite where a result is not a number.
  entry["error"] = std::isfinite(outcome.error) ? json(outcome.error) : json();
  return entry;
}

std::string lineOf(const std::string &name, const KernelOutcome &outcome) {
  if (outcome.status == Status::Refused)
    return fmt::format("{:<44} refused: {}", name, outcome.message);
  return fmt::format("{:<44} {:<6} error {:.1e} of {:.1e}", name,
                     nameOf(outcome.status), outcome.error, outcome.tolerance);
}

/// What the forms of a rule say together.
struct Verdict {
  json forms = json::array();
  bool held = true;
};

/// A rule holds when what keeps it is good and what breaks it is not.
void judge(const TestForm &form, const KernelOutcome &outcome,
           std::map<std::string, Verdict> &verdicts) {
  if (form.rule.empty())
    return;
  Verdict &verdict = verdicts[form.rule];
  verdict.forms.push_back(form.files.name);
  const bool good = outcome.status == Status::Good;
  verdict.held = verdict.held && good == (form.keeps == Keeps::Rule);
}

/// Weights as they are initialised: small, so that nothing overflows.
ProgramFiles withWeights(ProgramFiles files, const Kernel &kernel,
                         const Plan &plan) {
  uint64_t seed = 100;
  for (const Baked &baked : kernel.baked) {
    const Halves values =
        randomHalves(plan.parameters[baked.parameter].elements(), 0.02, seed++);
    const auto *first = reinterpret_cast<const uint8_t *>(values.data());
    files.baked[baked.path].bytes.assign(first,
                                         first + values.size() * sizeof(half));
  }
  return files;
}

std::optional<Error> testBundle(Device &device, const Bundle &bundle,
                                ThreadPool &pool,
                                const std::function<void(std::string)> &log,
                                SelfTestResult &result,
                                std::set<std::string> &operators) {
  // Small: weights are among the inputs.
  constexpr double deviation = 0.1;
  json kernels = json::array();
  for (const Kernel &kernel : bundle.plan().kernels) {
    const ProgramFiles files =
        withWeights(bundle.programFiles(kernel), kernel, bundle.plan());
    ANEC_ASSIGN(const std::set<std::string> used, operatorsOf(files));
    operators.insert(used.begin(), used.end());
    ANEC_ASSIGN(const KernelOutcome outcome,
                compareWithCpu(device, files, deviation, pool));
    result.failures += outcome.status != Status::Good;
    kernels.push_back(toJson(kernel.name, outcome));
    log(lineOf("kernel " + kernel.name, outcome));
  }
  result.report["bundle"] = {{"model", bundle.plan().model},
                             {"digest", bundle.digest()},
                             {"kernels", kernels}};
  return std::nullopt;
}

} // namespace

Result<KernelOutcome> compareWithCpu(Device &device, const ProgramFiles &files,
                                     double deviation, ThreadPool &pool) {
  std::unique_ptr<Device> cpu = makeCpuDevice(Numerics::Ane, pool);
  ANEC_ASSIGN(const std::vector<Halves> expected,
              outputsOn(*cpu, files, deviation, nullptr));
  KernelOutcome outcome;
  Result<std::vector<Halves>> found =
      outputsOn(device, files, deviation, &outcome.milliseconds);
  if (!found) {
    if (found.error().code == ErrorCode::BudgetExhausted)
      return found.error();
    outcome.status = Status::Refused;
    outcome.message = found.error().message;
    return outcome;
  }
  double largest = 0;
  for (size_t i = 0; i < expected.size(); ++i)
    for (size_t j = 0; j < expected[i].size(); ++j) {
      const float wanted = expected[i][j], got = (*found)[i][j];
      if (std::isfinite(wanted))
        largest = std::max(largest, double(std::abs(wanted)));
      const double difference =
          wanted == got || (std::isnan(wanted) && std::isnan(got))
              ? 0
              : std::abs(double(wanted) - got);
      outcome.error = std::isnan(difference)
                          ? INFINITY
                          : std::max(outcome.error, difference);
    }
  outcome.tolerance = toleranceFor(largest);
  if (!(outcome.error <= outcome.tolerance))
    outcome.status = Status::Wrong;
  return outcome;
}

Result<SelfTestResult> selfTest(Device &device, const Bundle *bundle,
                                ThreadPool &pool,
                                const std::function<void(std::string)> &log) {
  SelfTestResult result;
  std::set<std::string> wanted, covered;
  if (bundle)
    ANEC_TRY(testBundle(device, *bundle, pool, log, result, wanted));
  std::map<std::string, Verdict> verdicts;
  json forms = json::array();
  for (const TestForm &form : selfTestForms()) {
    ANEC_ASSIGN(const KernelOutcome outcome,
                compareWithCpu(device, form.files, form.deviation, pool));
    ANEC_ASSIGN(const std::set<std::string> used, operatorsOf(form.files));
    covered.insert(used.begin(), used.end());
    const bool keeps = form.keeps == Keeps::Rule;
    result.failures += keeps && outcome.status != Status::Good;
    json entry = toJson(form.files.name, outcome);
    entry["rule"] = form.rule.empty() ? json() : json(form.rule);
    entry["keeps_rule"] = keeps;
    forms.push_back(std::move(entry));
    log(lineOf(form.files.name, outcome));
    judge(form, outcome, verdicts);
  }
  result.report["forms"] = std::move(forms);
  json &rules = result.report["rules"] = json::object();
  for (auto &[rule, verdict] : verdicts)
    rules[rule] = {{"held", verdict.held}, {"forms", verdict.forms}};
  json &missing = result.report["operators_without_form"] = json::array();
  for (const std::string &op : wanted)
    if (!covered.count(op))
      missing.push_back(op);
  result.report["failures"] = result.failures;
  return Result<SelfTestResult>(std::move(result));
}

} // namespace anec::rt
