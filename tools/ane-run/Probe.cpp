//===- Probe.cpp - Questions to the hardware ------------------------------===//
//
// Each probe names the public experiment that it repeats. Surfaces have at
// least 49,152 bytes (io-min-bytes), but where that is the question.
//
//===----------------------------------------------------------------------===//
#include "tools/ane-run/Probe.h"

#include "tools/ane-run/KernelRun.h"
#include "tools/ane-run/KernelText.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace anec::rt {

namespace {

ProgramFiles additionKernel(int64_t channels, int64_t width) {
  KernelText text(fmt::format("add {}x{}", channels, width));
  const Shape shape = {1, channels, 1, width};
  const std::string x = text.input(shape);
  return text.finish({text.binary("add", x, x, shape)});
}

/// `depth` convolutions of `channels` by `channels` on `width` columns.
ProgramFiles convolutions(int64_t depth, int64_t channels, int64_t width) {
  KernelText text(fmt::format("{} convolutions", depth));
  const Shape shape = {1, channels, 1, width};
  std::string x = text.input(shape);
  for (int64_t i = 0; i < depth; ++i)
    x = text.conv1x1(x,
                     text.weight({channels, channels, 1, 1},
                                 1 / std::sqrt(double(channels)),
                                 uint64_t(i + 1)),
                     shape);
  return text.finish({x});
}

ProgramFiles bakedProduct(uint64_t seed) {
  KernelText text("product");
  const Shape shape = {1, 64, 1, 512};
  const std::string x = text.input(shape);
  return text.finish(
      {text.conv1x1(x, text.baked({64, 64, 1, 1}, 0.1, seed), shape)});
}

/// The single output for inputs of `seed`.
Result<Halves> outputOf(KernelRun &run, uint64_t seed) {
  const ane::Port &port = run.signature().inputs[0];
  ANEC_TRY(run.write(0, randomHalves(port.channels * port.width, 0.5, seed)));
  ANEC_TRY(run.run());
  return run.read(0);
}

/// maderix/ANE test_weight_reload, Orion #7: do new weights arrive without a
/// compile?
std::optional<Error> probeWeightReload(const ProbeContext &context) {
  ANEC_ASSIGN(std::unique_ptr<Device> device, context.open());
  ProgramFiles files = bakedProduct(1);
  Result<KernelRun> first = KernelRun::load(*device, files);
  if (!first)
    return first.error();
  ANEC_ASSIGN(const Halves old, outputOf(*first, 5));
  first = makeError(ErrorCode::InvalidInput, "unloaded");
  files = bakedProduct(2);
  files.isPatch = true;
  ANEC_ASSIGN(KernelRun second, KernelRun::load(*device, files));
  ANEC_ASSIGN(const Halves patched, outputOf(second, 5));
  const DeviceCounters counters = device->counters();
  fmt::print("result changed: {}; compiles {}, loaded without compiling {}\n",
             old != patched ? "yes" : "no", counters.compiles,
             counters.reloads);
  for (const std::string &note : counters.notes)
    fmt::print("{}\n", note);
  return std::nullopt;
}

/// maderix/ANE m5result.md: does the quality of service change latency?
std::optional<Error> probeQos(const ProbeContext &context) {
  if (!context.onEngine()) {
    fmt::print("device '{}' has no quality of service\n",
               context.options.device);
    return std::nullopt;
  }
  for (const uint32_t qos : {0u, 9u, 17u, 21u, 25u, 33u}) {
    ANEC_ASSIGN(std::unique_ptr<Device> device,
                context.open([qos](AneOptions &o) { o.qos = qos; }));
    ANEC_ASSIGN(KernelRun run,
                KernelRun::load(*device, convolutions(4, 256, 128)));
    ANEC_ASSIGN(const double ms, run.time(context.quick ? 5 : 200));
    fmt::print("qos {:>2}  {:.4f} ms\n", qos, ms);
  }
  return std::nullopt;
}

/// Espresso, Orion, maderix/ANE: what does an empty dispatch cost?
std::optional<Error> probeLatency(const ProbeContext &context) {
  ANEC_ASSIGN(std::unique_ptr<Device> device, context.open());
  for (const int64_t width : {1024, 2048, 4096}) {
    ANEC_ASSIGN(KernelRun run,
                KernelRun::load(*device, additionKernel(32, width)));
    ANEC_ASSIGN(const double ms, run.time(context.quick ? 5 : 500));
    fmt::print("[1, 32, 1, {}]  {:.4f} ms\n", width, ms);
  }
  return std::nullopt;
}

/// maderix/ANE inmem_peak.m, SL: how fast are chains of convolutions?
std::optional<Error> probePeak(const ProbeContext &context) {
  ANEC_ASSIGN(std::unique_ptr<Device> device, context.open());
  const int64_t channels = 512, width = 64;
  for (const int64_t depth : {1, 8, 32, 128}) {
    if (context.quick && depth > 8)
      break;
    Result<KernelRun> run =
        KernelRun::load(*device, convolutions(depth, channels, width));
    if (!run) {
      fmt::print("{:>3} convolutions: {}\n", depth, run.error().message);
      continue;
    }
    ANEC_ASSIGN(const double ms, run->time(context.quick ? 3 : 20));
    const double flops =
        2.0 * double(depth) * double(channels * channels * width);
    fmt::print("{:>3} convolutions of {} channels  {:.4f} ms  {:.3f} TFLOPS\n",
               depth, channels, ms, flops / ms / 1e9);
  }
  return std::nullopt;
}

/// maderix/ANE sram_probe.m, ane-guide 21: where does the working set stop
/// fitting?
std::optional<Error> probeSram(const ProbeContext &context) {
  ANEC_ASSIGN(std::unique_ptr<Device> device, context.open());
  for (const int64_t channels : {256, 512, 1024, 1536, 2048, 3072, 4096}) {
    if (context.quick && channels > 512)
      break;
    const int64_t width = 256;
    Result<KernelRun> run =
        KernelRun::load(*device, convolutions(1, channels, width));
    if (!run) {
      fmt::print("{:>4} channels: {}\n", channels, run.error().message);
      continue;
    }
    ANEC_ASSIGN(const double ms, run->time(context.quick ? 3 : 10));
    const double bytes = 2.0 * double(channels) * double(channels + 2 * width);
    fmt::print("{:>4} channels  {:>6.2f} MB  {:.4f} ms  {:.3f} TFLOPS\n",
               channels, bytes / 1e6, ms,
               2.0 * double(channels * channels * width) / ms / 1e9);
  }
  return std::nullopt;
}

/// Orion #4, ironmill, constraints io-min-bytes-hypothesis: how small may a
/// surface be?
std::optional<Error> probeSurface(const ProbeContext &context) {
  // As small as the rows need, and as the default rule has it.
  for (const int64_t minimum : {int64_t(1), int64_t(49152)}) {
    if (minimum > 1 || !context.onEngine())
      fmt::print("surfaces as the device allocates them\n");
    else
      fmt::print("surfaces of exactly the rows, in pages of 16384 bytes\n");
    ANEC_ASSIGN(std::unique_ptr<Device> device,
                context.open([minimum](AneOptions &options) {
                  options.minimumSurfaceBytes = minimum;
                }));
    for (const int64_t channels : {4, 32, 64, 256, 320, 768}) {
      const int64_t width = 32; // whole rows of 64 bytes
      std::string answer = "runs";
      Result<KernelRun> run =
          KernelRun::load(*device, additionKernel(channels, width));
      if (!run) {
        answer = run.error().message;
      } else if (Result<Halves> output = outputOf(*run, 3); !output) {
        answer = output.error().message;
      } else if (std::all_of(output->begin(), output->end(),
                             [](half value) { return value == half(0); })) {
        answer = "only zeros";
      }
      fmt::print("  [1, {:>3}, 1, {}]  {}\n", channels, width, answer);
    }
    if (!context.onEngine())
      break;
  }
  return std::nullopt;
}

/// Orion #12: in all orders of three names, does each input arrive?
std::optional<Error> probeOrder(const ProbeContext &context) {
  ANEC_ASSIGN(std::unique_ptr<Device> device, context.open());
  std::vector<std::string> names = {"a_in", "b_in", "c_in"};
  const int64_t channels = 64, width = 512;
  const Shape shape = {1, channels, 1, width};
  do {
    KernelText text("order");
    const std::string x = text.input(shape, names[0]),
                      y = text.input(shape, names[1]),
                      z = text.input(shape, names[2]);
    const std::string tens = text.binary("mul", y, text.fp16(10), shape);
    const std::string hundreds = text.binary("mul", z, text.fp16(100), shape);
    const std::string sum = text.binary("add", x, tens, shape);
    const ProgramFiles files =
        text.finish({text.binary("add", sum, hundreds, shape)});
    const std::string order = names[0] + ", " + names[1] + ", " + names[2];
    Result<KernelRun> run = KernelRun::load(*device, files);
    if (!run) {
      fmt::print("{}: {}\n", order, run.error().message);
      continue;
    }
    for (size_t i = 0; i < 3; ++i)
      ANEC_TRY(
          run->write(i, Halves(channels * width, static_cast<half>(i + 1.f))));
    if (std::optional<Error> error = run->run()) {
      fmt::print("{}: {}\n", order, error->message);
      continue;
    }
    // 1 + 2 * 10 + 3 * 100; digits show who came where.
    ANEC_ASSIGN(const Halves sums, run->read(0));
    fmt::print(
        "declared {}: result {}, expected 321{}{}\n", order,
        static_cast<float>(sums.front()), context.onEngine() ? "; slots " : "",
        context.onEngine()
            ? fmt::format("{}", fmt::join(aneInputSlots(run->program()), ", "))
            : "");
  } while (std::next_permutation(names.begin(), names.end()));
  return std::nullopt;
}

constexpr Probe probes[] = {
    {"weight-reload", "do new weights arrive without a compile?",
     probeWeightReload},
    {"qos-sweep", "does the quality of service change latency?", probeQos},
    {"dispatch-latency", "what does a small dispatch cost?", probeLatency},
    {"peak-conv-chain", "how fast are chains of convolutions?", probePeak},
    {"sram-sweep", "where does the working set stop fitting?", probeSram},
    {"min-surface", "how small may a surface be?", probeSurface},
    {"multi-input-order", "does each of three inputs arrive?", probeOrder}};

} // namespace

Result<std::unique_ptr<Device>>
ProbeContext::open(const std::function<void(AneOptions &)> &change) const {
  if (!onEngine())
    return options.open(pool);
  AneOptions engine = AneOptions::fromEnvironment();
  if (change)
    change(engine);
  return makeAneDevice(engine, pool);
}

Span<const Probe> allProbes() { return {probes, std::size(probes)}; }

} // namespace anec::rt
