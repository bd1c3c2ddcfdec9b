//===- KernelRun.cpp - One kernel on a device, by itself ------------------===//

#include "tools/ane-run/KernelRun.h"

#include <algorithm>
#include <chrono>

namespace anec::rt {

namespace {

Result<std::unique_ptr<Surface>> allocate(Device &device,
                                          const ane::Port &port) {
  Region region;
  region.name = "all";
  region.rows = region.blockRows = port.channels;
  region.columns = port.width;
  return device.allocate({port.name, port.channels, port.width, {region}});
}

std::vector<Surface *>
pointers(const std::vector<std::unique_ptr<Surface>> &surfaces) {
  std::vector<Surface *> all;
  for (const std::unique_ptr<Surface> &surface : surfaces)
    all.push_back(surface.get());
  return all;
}

} // namespace

Result<KernelRun> KernelRun::load(Device &device, const ProgramFiles &files) {
  // First: what the device says of a text is more than its types.
  ANEC_ASSIGN(std::unique_ptr<Program> loaded, device.load(files));
  ANEC_ASSIGN(ane::Signature signature,
              ane::Signature::read(files.text, files.name));
  KernelRun run(device, std::move(signature));
  run.loaded = std::move(loaded);
  for (const ane::Port &port : run.ports.inputs) {
    ANEC_ASSIGN(std::unique_ptr<Surface> surface, allocate(device, port));
    run.inputs.push_back(std::move(surface));
  }
  for (const ane::Port &port : run.ports.outputs) {
    ANEC_ASSIGN(std::unique_ptr<Surface> surface, allocate(device, port));
    run.outputs.push_back(std::move(surface));
  }
  return Result<KernelRun>(std::move(run));
}

std::optional<Error> KernelRun::write(size_t input, const Halves &values) {
  const ane::Port &port = ports.inputs[input];
  ANEC_ASSIGN(std::unique_ptr<SurfaceMap> map,
              device->map(*inputs[input], 0, Access::Write));
  for (int64_t c = 0; c < port.channels; ++c)
    std::copy_n(values.begin() + c * port.width, port.width,
                static_cast<half *>(map->data()) + c * map->rowStride());
  return std::nullopt;
}

std::optional<Error> KernelRun::run() {
  return device->run(*loaded, pointers(inputs), pointers(outputs));
}

Result<Halves> KernelRun::read(size_t output) {
  const ane::Port &port = ports.outputs[output];
  ANEC_ASSIGN(std::unique_ptr<SurfaceMap> map,
              device->map(*outputs[output], 0, Access::Read));
  Halves values;
  for (int64_t c = 0; c < port.channels; ++c) {
    const half *row = static_cast<half *>(map->data()) + c * map->rowStride();
    values.insert(values.end(), row, row + port.width);
  }
  return Result<Halves>(std::move(values));
}

Result<double> KernelRun::time(int64_t times) {
  using Clock = std::chrono::steady_clock;
  ANEC_TRY(run());
  std::vector<double> all;
  for (int64_t i = 0; i < times; ++i) {
    const Clock::time_point start = Clock::now();
    ANEC_TRY(run());
    all.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - start)
            .count());
  }
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

} // namespace anec::rt
