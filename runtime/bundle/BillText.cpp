//===- BillText.cpp - The bill for programs and for people ----------------===//

#include "runtime/bundle/Bill.h"

#include "runtime/target/CostModel.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace anec::rt {
namespace {

/// What a micro-step has of an update's `total`.
double mean(const Bill &bill, double total) {
  return total / double(bill.accumulation);
}

/// The same for a report: a whole number wherever it is one.
nlohmann::ordered_json meanAsJson(const Bill &bill, uint64_t total) {
  const uint64_t steps = uint64_t(bill.accumulation);
  if (total % steps == 0)
    return total / steps;
  return mean(bill, double(total));
}

std::string meanAsText(const Bill &bill, int64_t total) {
  return fmt::format("{}", mean(bill, double(total)));
}

double share(const Bill &bill) {
  return bill.ops() == 0 ? 0 : double(bill.layoutOps()) / double(bill.ops());
}

std::string megabytes(double bytes) {
  return fmt::format("{:.2f} MB", bytes / 1e6);
}
std::string megabytes(uint64_t bytes) { return megabytes(double(bytes)); }

/// Estimates are no better than that.
double hundredths(double ms) { return std::round(ms * 100) / 100; }

/// "note: layer_fwd: ... [rule], in 3 places" and the evidence, a line each.
std::string notesAsText(const std::vector<BillNote> &notes) {
  std::string text;
  for (const BillNote &note : notes) {
    text += fmt::format("{}note: {}: {} [{}]", text.empty() ? "\n" : "",
                        note.kernel, note.message, note.rule);
    if (note.places > 1)
      text += fmt::format(", and in {} more places", note.places - 1);
    text += fmt::format("\n      {}\n", note.evidence);
  }
  return text;
}

std::string giga(double flops) { return fmt::format("{:.2f} G", flops / 1e9); }

} // namespace

std::string billAsJson(const Bill &bill) {
  // Keys stay in this order: people compare reports by eye.
  using Json = nlohmann::ordered_json;
  Json kernels = Json::array();
  for (const KernelBill &kernel : bill.kernels)
    kernels.push_back(
        Json{{"name", kernel.name},
             {"ops", kernel.costs.ops},
             {"layout_ops", kernel.costs.layoutOps},
             {"input_bytes", kernel.costs.work.inputBytes},
             {"output_bytes", kernel.costs.work.outputBytes},
             {"dispatches", meanAsJson(bill, uint64_t(kernel.dispatches))}});
  Json estimates = Json::array();
  for (const Estimate &estimate : bill.estimates)
    estimates.push_back(
        Json{{"chip", estimate.chip},
             {"ms_per_micro_step", hundredths(estimate.total)},
             {"device_ms", hundredths(estimate.device)},
             {"host_ms", hundredths(estimate.host)},
             {"background_ms", hundredths(estimate.background)}});
  Json notes = Json::array();
  for (const BillNote &note : bill.notes)
    notes.push_back(Json{{"kernel", note.kernel},
                         {"rule", note.rule},
                         {"message", note.message},
                         {"places", note.places},
                         {"evidence", note.evidence}});
  const FlopsBill &flops = bill.flops;
  Json all{{"model", bill.model},
           {"weights", bill.weights},
           {"offload", bill.offload},
           {"recompute", bill.recompute},
           {"target", bill.target},
           {"accumulation", bill.accumulation},
           {"kernels", std::move(kernels)},
           {"compiles", bill.compiles},
           {"compiles_per_update", bill.compilesPerUpdate},
           {"reloads_per_update", bill.reloadsPerUpdate},
           {"dispatches_per_micro_step",
            meanAsJson(bill, uint64_t(bill.dispatches))},
           {"surface_bytes_per_micro_step",
            {{"host_written", meanAsJson(bill, bill.hostWritten)},
             {"host_read", meanAsJson(bill, bill.hostRead)},
             {"device", meanAsJson(bill, bill.device)}}},
           {"staging_bytes_per_update", bill.stagingPerUpdate},
           {"resident_surface_bytes", bill.memory.surfaces},
           {"resident_host_bytes", bill.memory.buffers},
           {"peak_live_bytes", bill.memory.peak},
           {"layout_ops", bill.layoutOps()},
           {"layout_op_share", share(bill)},
           {"flops_per_micro_step",
            {{"device", meanAsJson(bill, uint64_t(flops.device))},
             {"host", meanAsJson(bill, uint64_t(flops.host))},
             {"dw", meanAsJson(bill, uint64_t(flops.dw))},
             {"classifier", meanAsJson(bill, uint64_t(flops.classifier))},
             {"recomputed", meanAsJson(bill, uint64_t(flops.recomputed))}}},
           {"parameters", bill.parameters},
           {"notes", std::move(notes)},
           {"estimate", std::move(estimates)}};
  if (bill.updatedByDevice)
    all["parameters_updated_by_device"] = bill.updatedByDevice;
  return all.dump(2) + "\n";
}

std::string billAsText(const Bill &bill) {
  std::string text = fmt::format(
      "{}: weights {}, offload {}, recompute {}, target {}, {} parameters\n\n",
      bill.model, bill.weights, bill.offload, bill.recompute, bill.target,
      bill.parameters);
  text += fmt::format("{:<24}{:>6}{:>8}{:>14}{:>14}{:>12}\n", "kernel", "ops",
                      "layout", "input", "output", "dispatches");
  for (const KernelBill &kernel : bill.kernels)
    text += fmt::format("{:<24}{:>6}{:>8}{:>14}{:>14}{:>12}\n", kernel.name,
                        kernel.costs.ops, kernel.costs.layoutOps,
                        megabytes(kernel.costs.work.inputBytes),
                        megabytes(kernel.costs.work.outputBytes),
                        meanAsText(bill, kernel.dispatches));
  text += fmt::format("{:<24}{:>6}{:>8}{:>40}\n\n", "all", bill.ops(),
                      bill.layoutOps(), meanAsText(bill, bill.dispatches));
  text += fmt::format("compiled programs     {}", bill.compiles);
  if (bill.compilesPerUpdate)
    text += fmt::format(", {} of them in each update", bill.compilesPerUpdate);
  if (bill.reloadsPerUpdate)
    text += fmt::format(", {} of them patched in each update",
                        bill.reloadsPerUpdate);
  text += fmt::format("\nlayout operators      {:.0f} %\n", 100 * share(bill));
  text += fmt::format("each micro-step       host writes {}, reads {}; device "
                      "{}\n",
                      megabytes(mean(bill, double(bill.hostWritten))),
                      megabytes(mean(bill, double(bill.hostRead))),
                      megabytes(mean(bill, double(bill.device))));
  text += fmt::format("each update           {} micro-steps; stages {}",
                      bill.accumulation, megabytes(bill.stagingPerUpdate));
  if (bill.updatedByDevice)
    text += fmt::format("; {} parameters updated where they are",
                        bill.updatedByDevice);
  text += "\n";
  text +=
      fmt::format("memory                surfaces {}, host buffers {}; "
                  "{} of them live at once\n",
                  megabytes(bill.memory.surfaces),
                  megabytes(bill.memory.buffers), megabytes(bill.memory.peak));
  const FlopsBill &flops = bill.flops;
  text += fmt::format(
      "FLOPs of a micro-step device {} ({} recomputed), host {}; "
      "weight gradients {}, classifier {}\n",
      giga(mean(bill, flops.device)), giga(mean(bill, flops.recomputed)),
      giga(mean(bill, flops.host)), giga(mean(bill, flops.dw)),
      giga(mean(bill, flops.classifier)));
  text += "\nestimated ms of a micro-step, from published measurements, "
          "without the host's optimiser\n";
  text += fmt::format("{:<10}{:>8}{:>10}{:>8}{:>18}\n", "chip", "all", "device",
                      "host", "beside the device");
  for (const Estimate &estimate : bill.estimates)
    text += fmt::format("{:<10}{:>8.1f}{:>10.1f}{:>8.1f}{:>18.1f}\n",
                        estimate.chip, estimate.total, estimate.device,
                        estimate.host, estimate.background);
  const target::FitError &fit = target::fitError();
  text += fmt::format("of {} measurements that took no part in the fit, half "
                      "are met within {:.0f} %; {:.0f} % without knowing whose "
                      "machine it was\n",
                      fit.heldBack, 100 * fit.median, 100 * fit.medianOfChip);
  text += notesAsText(bill.notes);
  return text;
}

} // namespace anec::rt
