//===- SimHardware.cpp - The simulated Neural Engine ----------------------===//
//
// Checks first, in the order in which the hardware would notice; then the cpu
// device computes.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/SimHardware.h"

#include "runtime/device/RegionMemory.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/cpu/CpuSurface.h"
#include "runtime/device/cpu/ProgramReader.h"
#include "runtime/device/sim/Arithmetic.h"
#include "runtime/device/sim/Rewrite.h"
#include "runtime/mil/Printer.h"
#include "runtime/mil/Reader.h"
#include "runtime/target/Check.h"
#include "runtime/target/CostModel.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace anec::rt::sim {
namespace {

void sleepFor(double milliseconds) {
  if (milliseconds > 0)
    std::this_thread::sleep_for(
        std::chrono::duration<double, std::milli>(milliseconds));
}

/// The slots of parameters or outputs, by name as the loader orders them.
std::vector<Slot> slotsOf(const std::vector<mil::TypedName> &ports,
                          const RuntimeRules &rules) {
  std::vector<Slot> slots;
  for (size_t i = 0; i < ports.size(); ++i) {
    Slot slot;
    slot.name = ports[i].name;
    slot.position = i;
    // What is no surface the cpu device refuses.
    const SurfaceShape shape =
        surfaceShape(ports[i].type.dims).value_or(SurfaceShape());
    slot.channels = shape.channels;
    slot.width = shape.width;
    slot.batchStride = batchStride(rules, slot.channels, slot.width);
    slots.push_back(std::move(slot));
  }
  std::stable_sort(
      slots.begin(), slots.end(),
      [](const Slot &a, const Slot &b) { return a.name < b.name; });
  return slots;
}

/// Surfaces in the order of the text, from those of the slots.
std::vector<Surface *> inTextOrder(const std::vector<Slot> &slots,
                                   const std::vector<Surface *> &bySlot) {
  std::vector<Surface *> surfaces(slots.size());
  for (size_t i = 0; i < slots.size(); ++i)
    surfaces[slots[i].position] = bySlot[i];
  return surfaces;
}

/// All of a surface in place, weights included.
uint8_t *flatMemory(SimSurface &surface) {
  auto &memory = static_cast<cpu::CpuSurface &>(*surface.memory);
  const SurfaceSpec &spec = surface.spec();
  memory.keepInPlace({0, spec.channels, 0, spec.width});
  return memory.data();
}

int64_t contentBytes(const SurfaceSpec &spec) {
  return spec.channels * spec.width * 2;
}

/// A surface of the slot's shape over the same bytes.
class Reshaped {
public:
  static Result<Reshaped> of(SimSurface &surface, const Slot &slot,
                             Device &engine) {
    SurfaceSpec spec{slot.name, slot.channels, slot.width, {}};
    Reshaped result;
    result.original = &surface;
    ANEC_ASSIGN(result.shaped, engine.allocate(spec));
    result.bytes = std::min(contentBytes(spec), contentBytes(surface.spec()));
    return Result<Reshaped>(std::move(result));
  }

  Surface *surface() { return shaped.get(); }
  void read() { std::memcpy(memory(), flatMemory(*original), size_t(bytes)); }
  void writeBack() {
    std::memcpy(flatMemory(*original), memory(), size_t(bytes));
  }

private:
  uint8_t *memory() { return static_cast<cpu::CpuSurface &>(*shaped).data(); }

  SimSurface *original = nullptr;
  std::unique_ptr<Surface> shaped;
  int64_t bytes = 0;
};

bool hasShape(const SimSurface &surface, const Slot &slot) {
  return surface.spec().channels == slot.channels &&
         surface.spec().width == slot.width;
}

/// The cpu's surfaces for `surfaces`, some of them reshaped.
Result<std::vector<Surface *>>
bindSurfaces(const std::vector<Slot> &slots,
             const std::vector<SimSurface *> &surfaces, Device &engine,
             std::vector<Reshaped> &reshaped) {
  std::vector<Surface *> bound;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (hasShape(*surfaces[i], slots[i])) {
      bound.push_back(surfaces[i]->memory.get());
      continue;
    }
    ANEC_ASSIGN(Reshaped shaped, Reshaped::of(*surfaces[i], slots[i], engine));
    reshaped.push_back(std::move(shaped));
    bound.push_back(reshaped.back().surface());
  }
  return inTextOrder(slots, bound);
}

} // namespace

/// Rules that the compiler service does not know: the program is taken and
/// computes something else, which `evaluate` imitates.
static bool isFoundWhenRunning(target::Rule rule,
                               const target::Profile &profile) {
  switch (rule) {
  case target::Rule::MultiInOrder:
    return !profile.takesOneInput();
  case target::Rule::MultiOutOrder:
    return !profile.takesOneOutput();
  case target::Rule::OpSdpaMask:
  case target::Rule::MatmulK32:
    return true;
  default:
    return false;
  }
}

bool isZero(SimSurface &surface) {
  const auto *values = reinterpret_cast<const uint16_t *>(flatMemory(surface));
  const int64_t count = contentBytes(surface.spec()) / 2;
  // Most surfaces say no at once.
  return std::all_of(values, values + count,
                     [](uint16_t value) { return (value & 0x7fff) == 0; });
}

SimHardware::SimHardware(const target::Profile &profile,
                         const RuntimeRules &rules, const SimOptions &options,
                         ThreadPool &pool)
    : chip(profile), limits(rules),
      engine(makeCpuDevice(Numerics::Ane, pool,
                           aneArithmetic(rules, options.imitations))),
      faults(options.faults),
      loaded(std::make_shared<std::atomic<int64_t>>(0)) {
  if (options.compileBudget > 0)
    limits.compiles = options.compileBudget;
}

Result<std::unique_ptr<SimProgram>>
SimHardware::compile(const ProgramFiles &files) {
  const int64_t number = ++compiled;
  const Mishap mishap = faults.next(Event::Compile, files.name);
  sleepFor(mishap.milliseconds);
  if (mishap.fails)
    return makeError(
        ErrorCode::DeviceFailure,
        "kernel '{}': _ANECompiler : ANECCompile() FAILED, code 1, "
        "err=(CompilationFailure) (simulated {})",
        files.name, chip.name());
  if (number > limits.compiles)
    return makeError(
        ErrorCode::DeviceFailure,
        "kernel '{}': _ANECompiler : ANECCompile() FAILED, code 1, "
        "err=(): compile {} of this process, at most {} work "
        "[compile-budget] (simulated {})",
        files.name, number, limits.compiles, chip.name());
  return load(files);
}

Result<std::unique_ptr<SimProgram>>
SimHardware::patch(const ProgramFiles &files) {
  return load(files);
}

Result<std::unique_ptr<SimProgram>>
SimHardware::load(const ProgramFiles &files) {
  ANEC_ASSIGN(mil::Program program, mil::read(files.text, files.name));
  ANEC_ASSIGN(const mil::Function *function,
              cpu::chooseFunction(program, files.name, ""));
  for (const target::Violation &first : target::check(program, chip)) {
    if (first.isNote() || isFoundWhenRunning(first.rule, chip))
      continue;
    const target::RuleInfo &rule = target::ruleInfo(first.rule);
    return makeError(
        ErrorCode::Unsupported,
        "{}:{}:{}: {}{} [{}]; instead: {} (ANECCompile() FAILED, simulated {})",
        files.name, first.location.line, first.location.column,
        first.op.empty() ? "" : "'" + first.op + "' ", first.message, rule.id,
        rule.wayOut, chip.name());
  }
  auto result = std::make_unique<SimProgram>();
  result->loaded = loaded;
  if (++*loaded > limits.loadedPrograms)
    return makeError(
        ErrorCode::DeviceFailure,
        "kernel '{}': program {} at once, at most {} can be loaded "
        "[loaded-models] (simulated {})",
        files.name, loaded->load(), limits.loadedPrograms, chip.name());
  result->name = files.name;
  result->estimatedMs = target::dispatchMs(program, chip);
  result->inputs = slotsOf(function->parameters, limits);
  result->outputs = slotsOf(cpu::outputsOf(*function), limits);
  for (const auto *slots : {&result->inputs, &result->outputs})
    if (static_cast<int64_t>(slots->size()) > limits.slots)
      return makeError(ErrorCode::Unsupported,
                       "kernel '{}': {} inputs or outputs, at most {} "
                       "[io-slots-max] (simulated {})",
                       files.name, slots->size(), limits.slots, chip.name());
  if (rewriteAsExecuted(program, limits)) {
    ProgramFiles executed = files;
    executed.text = mil::print(program);
    ANEC_ASSIGN(result->code, engine->load(executed));
  } else {
    ANEC_ASSIGN(result->code, engine->load(files));
  }
  return result;
}

Error SimHardware::inferenceError(const SimProgram &program, const char *status,
                                  const std::string &reason) const {
  return makeError(ErrorCode::DeviceFailure,
                   "kernel '{}': ANEProgramProcessRequestDirect() Failed with "
                   "status={} : Program Inference error: {} (simulated {})",
                   program.name, status, reason, chip.name());
}

std::optional<Error>
SimHardware::checkSlots(const SimProgram &program,
                        const std::vector<Slot> &slots,
                        const std::vector<SimSurface *> &surfaces) {
  if (slots.size() != surfaces.size())
    return inferenceError(program, "0x1d",
                          fmt::format("expects {} surfaces, but got {}",
                                      slots.size(), surfaces.size()));
  for (size_t i = 0; i < slots.size(); ++i) {
    const SimSurface &surface = *surfaces[i];
    const std::string &name = surface.spec().name;
    if (surface.locks > 0)
      return inferenceError(
          program, "timeout",
          fmt::format("surface '{}' is locked during evaluation [io-lock]",
                      name));
    const int64_t pages = (surface.bytes + limits.pageBytes - 1) /
                          limits.pageBytes * limits.pageBytes;
    const int64_t needed = std::max(slots[i].batchStride, limits.surfaceBytes);
    if (pages < needed || surface.bytes < limits.surfaceBytes)
      return inferenceError(
          program, "0x1d",
          fmt::format("slot '{}' expects {} bytes, but surface '{}' has {} "
                      "[io-min-bytes]",
                      slots[i].name, needed, name, surface.bytes));
    if (limits.sameSizes && surface.bytes != surfaces[0]->bytes)
      return inferenceError(
          program, "0x1d",
          fmt::format("surfaces '{}' and '{}' have {} and {} bytes, expected "
                      "one size [multi-in-size]",
                      surfaces[0]->spec().name, name, surfaces[0]->bytes,
                      surface.bytes));
  }
  return std::nullopt;
}

std::optional<Error>
SimHardware::checkBinding(const SimProgram &program,
                          const std::vector<SimSurface *> &inputs,
                          const std::vector<SimSurface *> &outputs) {
  ANEC_TRY(checkSlots(program, program.inputs, inputs));
  ANEC_TRY(checkSlots(program, program.outputs, outputs));
  for (const SimSurface *output : outputs) {
    if (!limits.inPlace &&
        std::find(inputs.begin(), inputs.end(), output) != inputs.end())
      return inferenceError(
          program, "0x9",
          fmt::format("surface '{}' is input and output [io-in-place]",
                      output->spec().name));
    if (std::count(outputs.begin(), outputs.end(), output) > 1)
      return inferenceError(
          program, "0x9",
          fmt::format("surface '{}' is output twice [io-bind-external]",
                      output->spec().name));
  }
  return std::nullopt;
}

std::optional<Error>
SimHardware::evaluate(SimProgram &program,
                      const std::vector<SimSurface *> &inputs,
                      const std::vector<SimSurface *> &outputs) {
  const Mishap mishap = faults.next(Event::Evaluate, program.name);
  const double longest = limits.watchdogSeconds * 1000;
  sleepFor(std::min(mishap.milliseconds, longest));
  if (mishap.milliseconds > longest)
    return inferenceError(
        program, "timeout",
        fmt::format("no answer for {} s [watchdog]", limits.watchdogSeconds));
  isPoisoned |= mishap.poisons;
  if (isPoisoned)
    return inferenceError(program, "0x1d",
                          "every evaluation of this process fails");
  if (mishap.fails)
    return inferenceError(program, "0x1d", "an injected fault");
  ANEC_TRY(checkBinding(program, inputs, outputs));
  std::vector<Reshaped> shapedInputs, shapedOutputs;
  ANEC_ASSIGN(std::vector<Surface *> from,
              bindSurfaces(program.inputs, inputs, *engine, shapedInputs));
  ANEC_ASSIGN(std::vector<Surface *> to,
              bindSurfaces(program.outputs, outputs, *engine, shapedOutputs));
  for (Reshaped &each : shapedInputs)
    each.read();
  ANEC_TRY(engine->run(*program.code, from, to));
  for (Reshaped &each : shapedOutputs)
    each.writeBack();
  if (mishap.zeros)
    for (SimSurface *output : outputs)
      std::memset(flatMemory(*output), 0,
                  static_cast<size_t>(contentBytes(output->spec())));
  return std::nullopt;
}

} // namespace anec::rt::sim
