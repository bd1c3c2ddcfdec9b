//===- Report.cpp - What a run cost ---------------------------------------===//
//
// Rates of what did not happen are 0; losses nobody measured are null.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Report.h"

#include <algorithm>
#include <cmath>
#include <sys/resource.h>

namespace anec::rt {
namespace {

double ratio(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : 0;
}

nlohmann::json orNull(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

} // namespace

static nlohmann::json toJson(const BackgroundWork &work, const char *number) {
  const double hidden = std::max(0.0, work.seconds - work.waited);
  return {{number, work.ops},
          {"background_ms", work.seconds * 1000},
          {"hidden_ms", hidden * 1000},
          {"share", ratio(hidden, work.seconds)}};
}

nlohmann::json overlapOf(const BackgroundWork &hostOps,
                         const BackgroundWork &compiling) {
  nlohmann::json overlap = toJson(hostOps, "host_ops");
  overlap["compile"] = toJson(compiling, "loads");
  return overlap;
}

std::string formatOverlap(const nlohmann::json &overlap) {
  auto line = [](const nlohmann::json &work, const char *what) {
    const double beside = work["background_ms"].get<double>();
    return beside > 0
               ? fmt::format("{:.4g} ms of {} beside the device, {:.0f} % of "
                             "them at no cost\n",
                             beside, what, 100 * work["share"].get<double>())
               : std::string();
  };
  return line(overlap, "weight gradients") +
         line(overlap["compile"], "compiling");
}

uint64_t peakResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return uint64_t(usage.ru_maxrss);
#else
  return uint64_t(usage.ru_maxrss) * 1024;
#endif
}

nlohmann::json makeReport(const RunMeasurements &run,
                          const ExecutorCounters &executor,
                          const DeviceCounters &device) {
  nlohmann::json phases = nlohmann::json::object();
  for (const auto *times : {&executor.seconds, &run.seconds})
    for (const auto &[name, seconds] : *times)
      phases[name] = phases.value(name, 0.0) + seconds * 1000;
  BackgroundWork background = run.background;
  background += executor.background;
  BackgroundWork compiling = run.compiling;
  compiling += executor.compiling;
  const double deviceSeconds = phases.value("device", 0.0) / 1000;
  nlohmann::json report = {
      {"updates", run.updates},
      {"micro_steps", run.microSteps},
      {"wall_s", run.wallSeconds},
      {"compile_s", phases.value("compile", 0.0) / 1000},
      {"train_s", run.trainSeconds},
      {"ms_per_micro_step",
       ratio(run.trainSeconds * 1000, double(run.microSteps))},
      {"tokens_per_s", ratio(double(run.tokens), run.trainSeconds)},
      {"device_tflops", ratio(run.deviceFlops / 1e12, deviceSeconds)},
      {"total_tflops",
       ratio((run.deviceFlops + run.hostFlops) / 1e12, run.trainSeconds)},
      {"dispatches", run.dispatches},
      {"compiles", run.compiles + device.compiles},
      {"reloads", run.reloads + device.reloads},
      {"restarts", run.restarts},
      {"active_vocab", run.activeVocabulary},
      {"vocabulary", run.vocabulary},
      {"surface_bytes",
       {{"host_written", run.hostWritten},
        {"host_read", run.hostRead},
        {"device", run.deviceBytes}}},
      {"staging_bytes", run.stagedBytes},
      {"flops", {{"device", run.deviceFlops}, {"host", run.hostFlops}}},
      {"overlap", overlapOf(background, compiling)},
      {"estimated_device_ms_per_micro_step",
       run.estimatedSeconds > 0
           ? nlohmann::json(
                 ratio(run.estimatedSeconds * 1000, double(run.microSteps)))
           : nlohmann::json(nullptr)},
      {"peak_rss_bytes", peakResidentBytes()},
      {"initial_val_loss", orNull(run.initialValidationLoss)},
      {"val_loss", orNull(run.validationLoss)},
      {"phases", phases}};
  if (!device.notes.empty())
    report["notes"] = device.notes;
  return report;
}

std::string formatReport(const nlohmann::json &report) {
  std::string text = fmt::format(
      "{} updates, {} micro-steps in {:.1f} s (compiling {:.2f} s)\n",
      report["updates"].get<int64_t>(), report["micro_steps"].get<int64_t>(),
      report["wall_s"].get<double>(), report["compile_s"].get<double>());
  text += fmt::format(
      "{:.4g} ms per micro-step, {:.4g} tokens/s, {:.4g} TFLOPS ({:.4g} on the "
      "device)\n",
      report["ms_per_micro_step"].get<double>(),
      report["tokens_per_s"].get<double>(),
      report["total_tflops"].get<double>(),
      report["device_tflops"].get<double>());
  text += fmt::format("{} dispatches, {} compiles, peak memory {:.0f} MiB\n",
                      report["dispatches"].get<uint64_t>(),
                      report["compiles"].get<uint64_t>(),
                      report["peak_rss_bytes"].get<double>() / (1 << 20));
  text += formatOverlap(report["overlap"]);
  const nlohmann::json &estimate = report["estimated_device_ms_per_micro_step"];
  if (estimate.is_number())
    text += fmt::format("estimated, not measured: {:.4g} ms per micro-step in "
                        "dispatches of the chip\n",
                        estimate.get<double>());
  if (report["restarts"] != 0)
    text += fmt::format("{} restarts\n", report["restarts"].get<uint64_t>());
  if (report["vocabulary"] != 0)
    text += fmt::format("vocabulary: {} of {} tokens active\n",
                        report["active_vocab"].get<int64_t>(),
                        report["vocabulary"].get<int64_t>());
  if (report["val_loss"].is_number() && report["initial_val_loss"].is_number())
    text += fmt::format("validation loss {:.4f} -> {:.4f}\n",
                        report["initial_val_loss"].get<double>(),
                        report["val_loss"].get<double>());
  if (report.contains("notes"))
    for (const std::string note : report["notes"])
      text += fmt::format("note: {}\n", note);
  text.pop_back(); // the last line break
  return text;
}

} // namespace anec::rt
