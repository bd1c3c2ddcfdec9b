//===- SimDevice.cpp - A device that fails like an ANE --------------------===//
//
// What a driver does: order slots, size memory, count, retry, and doubt.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/SimDevice.h"

#include "runtime/device/CompileRetry.h"

#include <mutex>
#include <thread>

namespace anec::rt {

namespace sim {
namespace {

/// Keeps the surface locked while the host looks at it.
class SimMap : public SurfaceMap {
public:
  SimMap(std::unique_ptr<SurfaceMap> memory, SimSurface &surface)
      : SurfaceMap(memory->type(), memory->data(), memory->rowStride(),
                   memory->region()),
        memory(std::move(memory)), surface(surface) {
    ++surface.locks;
  }
  ~SimMap() override { --surface.locks; }
  SimMap(const SimMap &) = delete;
  SimMap &operator=(const SimMap &) = delete;

private:
  std::unique_ptr<SurfaceMap> memory;
  SimSurface &surface;
};

SimSurface &simulated(Surface &surface) {
  return static_cast<SimSurface &>(surface);
}

/// Surfaces must have the shape of the slots they are given for; `surfaces` is
/// in the order of the text.
std::optional<Error> checkShapes(const std::vector<Slot> &slots,
                                 const std::vector<Surface *> &surfaces,
                                 const char *what) {
  if (slots.size() != surfaces.size())
    return makeError(ErrorCode::InvalidInput, "expected {} {}s, found {}",
                     slots.size(), what, surfaces.size());
  for (const Slot &slot : slots) {
    const SurfaceSpec &spec = surfaces[slot.position]->spec();
    if (spec.channels != slot.channels || spec.width != slot.width)
      return makeError(ErrorCode::InvalidInput,
                       "{} '{}': expected a surface [{}, {}], found '{}' [{}, "
                       "{}]",
                       what, slot.name, slot.channels, slot.width, spec.name,
                       spec.channels, spec.width);
  }
  return std::nullopt;
}

std::vector<SimSurface *> inSlotOrder(const std::vector<Slot> &slots,
                                      const std::vector<Surface *> &surfaces) {
  std::vector<SimSurface *> bySlot;
  for (const Slot &slot : slots)
    bySlot.push_back(&simulated(*surfaces[slot.position]));
  return bySlot;
}

std::vector<Surface *> memoryOf(const std::vector<Surface *> &surfaces) {
  std::vector<Surface *> memory;
  for (Surface *surface : surfaces)
    memory.push_back(simulated(*surface).memory.get());
  return memory;
}

class SimDevice : public Device {
public:
  SimDevice(const target::Profile &profile, const SimOptions &options,
            ThreadPool &pool)
      : hardware(profile, runtimeRules(profile), options, pool) {}

  Numerics numerics() const override { return Numerics::Ane; }

  Result<std::unique_ptr<Program>> load(const ProgramFiles &files) override {
    if (files.isPatch) {
      ANEC_ASSIGN(std::unique_ptr<SimProgram> program, hardware.patch(files));
      ++reloads;
      return std::unique_ptr<Program>(std::move(program));
    }
    ANEC_ASSIGN(std::unique_ptr<SimProgram> program, compile(files));
    ++compiles;
    return std::unique_ptr<Program>(std::move(program));
  }

  Result<std::unique_ptr<Surface>> allocate(const SurfaceSpec &spec) override {
    ANEC_ASSIGN(std::unique_ptr<Surface> memory, hardware.cpu().allocate(spec));
    const int64_t bytes =
        allocationBytes(hardware.rules(), spec.channels, spec.width);
    return std::unique_ptr<Surface>(
        std::make_unique<SimSurface>(std::move(memory), bytes));
  }

  std::optional<Error> stage(Surface &surface, RegionId region,
                             Span<const float> master) override {
    return hardware.cpu().stage(*simulated(surface).memory, region, master);
  }
  std::optional<Error> stage(Surface &surface, RegionId region,
                             Span<const double> master) override {
    return hardware.cpu().stage(*simulated(surface).memory, region, master);
  }

  Result<std::unique_ptr<SurfaceMap>> map(Surface &surface, RegionId region,
                                          Access access) override {
    ANEC_ASSIGN(std::unique_ptr<SurfaceMap> memory,
                hardware.cpu().map(*simulated(surface).memory, region, access));
    return std::unique_ptr<SurfaceMap>(
        std::make_unique<SimMap>(std::move(memory), simulated(surface)));
  }

  void prepare(Program &program,
               const std::vector<Surface *> &inputs) override {
    auto &loaded = static_cast<SimProgram &>(program);
    if (!checkShapes(loaded.inputs, inputs, "input"))
      hardware.cpu().prepare(*loaded.code, memoryOf(inputs));
  }

  std::optional<Error> run(Program &program,
                           const std::vector<Surface *> &inputs,
                           const std::vector<Surface *> &outputs) override;

  /// As on the hardware, though here the CPU computes everything.
  bool leavesHostIdle() const override { return true; }

  DeviceCounters counters() const override {
    DeviceCounters all = hardware.cpu().counters();
    all.compiles = compiles;
    all.reloads = reloads;
    all.dispatches = dispatches;
    all.deviceBytes = deviceBytes;
    all.estimatedSeconds = estimatedSeconds;
    return all;
  }

private:
  Result<std::unique_ptr<SimProgram>> compile(const ProgramFiles &files);
  std::optional<Error> checkZeros(SimProgram &program,
                                  const std::vector<Surface *> &inputs,
                                  const std::vector<Surface *> &outputs);

  /// `const` only counts.
  mutable SimHardware hardware;
  /// Programs are loaded on another thread too.
  std::mutex compiling;
  std::atomic<uint64_t> compiles{0}, reloads{0};
  uint64_t dispatches = 0, deviceBytes = 0;
  double estimatedSeconds = 0;
};

Result<std::unique_ptr<SimProgram>>
SimDevice::compile(const ProgramFiles &files) {
  std::lock_guard<std::mutex> lock(compiling);
  for (int attempt = 1;; ++attempt) {
    if (hardware.compiles() >= hardware.rules().compiles)
      return makeError(ErrorCode::BudgetExhausted,
                       "kernel '{}': this process has compiled {} times, at "
                       "most {} work [compile-budget] (simulated {})",
                       files.name, hardware.compiles(),
                       hardware.rules().compiles, hardware.profile().name());
    Result<std::unique_ptr<SimProgram>> program = hardware.compile(files);
    if (program || program.error().code != ErrorCode::DeviceFailure)
      return program;
    if (attempt == hardware.rules().compileAttempts)
      return makeError(ErrorCode::DeviceFailure, "{}, {} times in a row",
                       program.error().message, attempt);
    std::this_thread::sleep_for(compileRetryDelay(attempt));
  }
}

std::optional<Error> SimDevice::run(Program &program,
                                    const std::vector<Surface *> &inputs,
                                    const std::vector<Surface *> &outputs) {
  auto &loaded = static_cast<SimProgram &>(program);
  ANEC_TRY(checkShapes(loaded.inputs, inputs, "input"));
  ANEC_TRY(checkShapes(loaded.outputs, outputs, "output"));
  ANEC_TRY(hardware.evaluate(loaded, inSlotOrder(loaded.inputs, inputs),
                             inSlotOrder(loaded.outputs, outputs)));
  ++dispatches;
  estimatedSeconds += loaded.estimatedMs / 1000;
  for (const auto *slots : {&loaded.inputs, &loaded.outputs})
    for (const Slot &slot : *slots)
      deviceBytes += static_cast<uint64_t>(slot.channels * slot.width * 2);
  return checkZeros(loaded, inputs, outputs);
}

/// Evaluation can report success and leave zeros. Zeros are a right answer
/// too, so the cpu decides.
std::optional<Error>
SimDevice::checkZeros(SimProgram &program, const std::vector<Surface *> &inputs,
                      const std::vector<Surface *> &outputs) {
  for (Surface *output : outputs)
    if (!isZero(simulated(*output)))
      return std::nullopt;
  ANEC_TRY(
      hardware.cpu().run(*program.code, memoryOf(inputs), memoryOf(outputs)));
  for (Surface *output : outputs)
    if (!isZero(simulated(*output)))
      return makeError(ErrorCode::DeviceFailure,
                       "kernel '{}': evaluation reported success, but '{}' "
                       "holds only zeros where the cpu computes other values "
                       "(simulated {})",
                       program.name, output->spec().name,
                       hardware.profile().name());
  return std::nullopt;
}

} // namespace
} // namespace sim

std::unique_ptr<Device> makeSimDevice(const target::Profile &profile,
                                      const sim::SimOptions &options,
                                      ThreadPool &pool) {
  return std::make_unique<sim::SimDevice>(profile, options, pool);
}

} // namespace anec::rt
