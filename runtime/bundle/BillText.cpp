//===- BillText.cpp - The bill for programs and for people ----------------===//

#include "runtime/bundle/Bill.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace anec::rt {
namespace {

double share(const Bill &bill) {
  return bill.ops() == 0 ? 0 : double(bill.layoutOps()) / double(bill.ops());
}

std::string megabytes(uint64_t bytes) {
  return fmt::format("{:.2f} MB", double(bytes) / 1e6);
}

std::string giga(double flops) { return fmt::format("{:.2f} G", flops / 1e9); }

} // namespace

std::string billAsJson(const Bill &bill) {
  // Keys stay in this order: people compare reports by eye.
  using Json = nlohmann::ordered_json;
  Json kernels = Json::array();
  for (const KernelBill &kernel : bill.kernels)
    kernels.push_back(Json{{"name", kernel.name},
                           {"ops", kernel.costs.ops},
                           {"layout_ops", kernel.costs.layoutOps},
                           {"input_bytes", kernel.costs.inputBytes},
                           {"output_bytes", kernel.costs.outputBytes},
                           {"dispatches", kernel.dispatches}});
  const FlopsBill &flops = bill.flops;
  Json all{{"model", bill.model},
           {"weights", bill.weights},
           {"offload", bill.offload},
           {"recompute", bill.recompute},
           {"target", bill.target},
           {"kernels", std::move(kernels)},
           {"compiles", bill.compiles},
           {"compiles_per_update", bill.compilesPerUpdate},
           {"reloads_per_update", bill.reloadsPerUpdate},
           {"dispatches_per_micro_step", bill.dispatches},
           {"surface_bytes_per_micro_step",
            {{"host_written", bill.hostWritten},
             {"host_read", bill.hostRead},
             {"device", bill.device}}},
           {"staging_bytes_per_update", bill.stagingPerUpdate},
           {"resident_surface_bytes", bill.residentSurfaceBytes},
           {"layout_ops", bill.layoutOps()},
           {"layout_op_share", share(bill)},
           {"flops_per_micro_step",
            {{"device", uint64_t(flops.device)},
             {"host", uint64_t(flops.host)},
             {"dw", uint64_t(flops.dw)},
             {"classifier", uint64_t(flops.classifier)},
             {"recomputed", uint64_t(flops.recomputed)}}},
           {"parameters", bill.parameters},
           {"estimate", Json::array()}};
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
                        megabytes(kernel.costs.inputBytes),
                        megabytes(kernel.costs.outputBytes), kernel.dispatches);
  text += fmt::format("{:<24}{:>6}{:>8}{:>40}\n\n", "all", bill.ops(),
                      bill.layoutOps(), bill.dispatches);
  text += fmt::format("compiled programs     {}", bill.compiles);
  if (bill.compilesPerUpdate)
    text += fmt::format(", {} of them in each update", bill.compilesPerUpdate);
  if (bill.reloadsPerUpdate)
    text += fmt::format(", {} of them patched in each update",
                        bill.reloadsPerUpdate);
  text += fmt::format("\nlayout operators      {:.0f} %\n", 100 * share(bill));
  text += fmt::format("each micro-step       host writes {}, reads {}; device "
                      "{}\n",
                      megabytes(bill.hostWritten), megabytes(bill.hostRead),
                      megabytes(bill.device));
  text += fmt::format("each update           stages {}\n",
                      megabytes(bill.stagingPerUpdate));
  text += fmt::format("surfaces              {}\n",
                      megabytes(bill.residentSurfaceBytes));
  const FlopsBill &flops = bill.flops;
  text +=
      fmt::format("FLOPs of a micro-step device {} ({} recomputed), host {}; "
                  "weight gradients {}, classifier {}\n",
                  giga(flops.device), giga(flops.recomputed), giga(flops.host),
                  giga(flops.dw), giga(flops.classifier));
  return text;
}

} // namespace anec::rt
