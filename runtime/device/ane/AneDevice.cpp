//===- AneDevice.cpp - The Neural Engine ----------------------------------===//
//
// Connects surfaces with programs, chooses between compiling and patching, and
// counts.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/ane/AneDevice.h"

#include "runtime/device/RegionMemory.h"
#include "runtime/device/ane/AneProgram.h"
#include "runtime/mil/Blob.h"
#include "runtime/target/Profile.h"

#include <algorithm>
#include <cstdlib>

namespace anec::rt {

namespace ane {
namespace {

/// After the first, one patch of so many is compared with the CPU.
constexpr uint64_t patchesPerCheck = 16;

class AneDevice : public Device {
public:
  AneDevice(std::shared_ptr<const Framework> framework, AneOptions options,
            ThreadPool &pool)
      : framework(framework), options(options), pool(pool),
        loader(std::move(framework), std::move(options)) {}

  Numerics numerics() const override { return Numerics::Ane; }
  Result<std::unique_ptr<Program>> load(const ProgramFiles &files) override;
  Result<std::unique_ptr<Surface>> allocate(const SurfaceSpec &spec) override;
  std::optional<Error> stage(Surface &surface, RegionId region,
                             Span<const float> master) override {
    return stageValues(surface, region, master);
  }
  std::optional<Error> stage(Surface &surface, RegionId region,
                             Span<const double> master) override {
    return stageValues(surface, region, master);
  }
  Result<std::unique_ptr<SurfaceMap>> map(Surface &surface, RegionId region,
                                          Access access) override;
  std::optional<Error> run(Program &program,
                           const std::vector<Surface *> &inputs,
                           const std::vector<Surface *> &outputs) override;
  bool leavesHostIdle() const override { return true; }
  DeviceCounters counters() const override;

private:
  template <typename T>
  std::optional<Error> stageValues(Surface &surface, RegionId region,
                                   Span<const T> master);
  Result<std::shared_ptr<LoadedModel>>
  compile(const std::string &name, const std::string &text, const Blobs &blobs);
  std::shared_ptr<Donor> donorOf(const ProgramFiles &files);
  void keepDonor(const ProgramFiles &files, const LoadedModel &model,
                 const Blobs &blobs);
  std::unique_ptr<AneProgram> makeProgram(const std::string &name,
                                          std::shared_ptr<LoadedModel> model);
  std::optional<Error> checkThread();
  std::optional<Error> makeUniform(const std::vector<AneSurface *> &surfaces);
  std::optional<Error> confirmPatch(AneProgram &program,
                                    const std::vector<AneSurface *> &inputs,
                                    const std::vector<AneSurface *> &outputs);
  void note(std::string text);

  std::shared_ptr<const Framework> framework;
  const AneOptions options;
  ThreadPool &pool;
  Loader loader;

  /// The thread that evaluates, from the first run on.
  std::thread::id evaluator;
  DeviceCounters counted;
  std::atomic<uint64_t> compiles{0}, reloads{0}, patches{0};
  /// False once a patch was refused or did not take.
  std::atomic<bool> canPatch{true};

  /// Of what follows; programs are loaded on another thread too.
  mutable std::mutex mutex;
  std::set<AneProgram *> programs;
  std::map<std::string, std::shared_ptr<Donor>> donors; ///< By text.
  std::vector<std::string> notes;
};

/// All files of a program. Baked weights become blob files of one entry, which
/// is at the offset that every text names.
Result<Blobs> allBlobs(const ProgramFiles &files) {
  Blobs blobs = files.blobs;
  for (const auto &[path, weight] : files.baked) {
    if (weight.type != ElementType::F16)
      return makeError(ErrorCode::InvalidInput,
                       "{}: expected weight '{}' in fp16", files.name, path);
    mil::BlobWriter writer;
    writer.append(mil::ScalarType::FP16,
                  static_cast<int64_t>(weight.bytes.size() / 2),
                  {weight.bytes.data(), weight.bytes.size()});
    blobs[path] = writer.bytes();
  }
  return Result<Blobs>(std::move(blobs));
}

Result<std::shared_ptr<LoadedModel>> AneDevice::compile(const std::string &name,
                                                        const std::string &text,
                                                        const Blobs &blobs) {
  Result<std::shared_ptr<LoadedModel>> model =
      loader.compile(name, text, blobs);
  if (model)
    ++compiles;
  return model;
}

void AneDevice::note(std::string text) {
  const std::lock_guard<std::mutex> guard(mutex);
  if (std::find(notes.begin(), notes.end(), text) == notes.end())
    notes.push_back(std::move(text));
}

std::shared_ptr<Donor> AneDevice::donorOf(const ProgramFiles &files) {
  const std::lock_guard<std::mutex> guard(mutex);
  auto found = donors.find(files.text);
  return files.isPatch && canPatch && found != donors.end() ? found->second
                                                            : nullptr;
}

void AneDevice::keepDonor(const ProgramFiles &files, const LoadedModel &model,
                          const Blobs &blobs) {
  if (files.baked.empty())
    return;
  const std::lock_guard<std::mutex> guard(mutex);
  std::shared_ptr<Donor> &donor = donors[files.text];
  if (donor)
    return;
  std::string plist = model.folder->compiledPlist();
  if (plist.empty())
    return;
  donor = std::make_shared<Donor>();
  donor->plist = std::move(plist);
  donor->blobs = blobs;
}

std::unique_ptr<AneProgram>
AneDevice::makeProgram(const std::string &name,
                       std::shared_ptr<LoadedModel> model) {
  auto program = std::make_unique<AneProgram>(
      name, std::move(model), [this](AneProgram &released) {
        const std::lock_guard<std::mutex> guard(mutex);
        programs.erase(&released);
      });
  const std::lock_guard<std::mutex> guard(mutex);
  programs.insert(program.get());
  return program;
}

Result<std::unique_ptr<Program>> AneDevice::load(const ProgramFiles &files) {
  ANEC_ASSIGN(const Blobs blobs, allBlobs(files));
  if (const std::shared_ptr<Donor> donor = donorOf(files)) {
    Result<std::shared_ptr<LoadedModel>> patched =
        loader.patch(files.name, files.text, blobs, donor->plist);
    if (patched) {
      ++reloads;
      std::unique_ptr<AneProgram> program =
          makeProgram(files.name, std::move(*patched));
      if (!donor->isVerified || patches++ % patchesPerCheck == 0)
        program->donor = donor;
      return std::unique_ptr<Program>(std::move(program));
    }
    canPatch = false;
    note(fmt::format("kernels are compiled after each update, because this "
                     "system does not load patched ones: {}",
                     patched.error().message));
  }
  ANEC_ASSIGN(std::shared_ptr<LoadedModel> model,
              compile(files.name, files.text, blobs));
  keepDonor(files, *model, blobs);
  return std::unique_ptr<Program>(makeProgram(files.name, std::move(model)));
}

Result<std::unique_ptr<Surface>> AneDevice::allocate(const SurfaceSpec &spec) {
  const int64_t minimum = options.minimumSurfaceBytes.value_or(
      target::strictProfile().limit(target::Rule::IoMinBytes));
  ANEC_ASSIGN(std::unique_ptr<AneSurface> surface,
              AneSurface::create(framework, spec, minimum, [this](Id released) {
                const std::lock_guard<std::mutex> guard(mutex);
                for (AneProgram *program : programs)
                  program->forget(released);
              }));
  return std::unique_ptr<Surface>(std::move(surface));
}

template <typename T>
std::optional<Error> AneDevice::stageValues(Surface &surface, RegionId id,
                                            Span<const T> master) {
  ANEC_ASSIGN([[maybe_unused]] const Region *region,
              findRegion(surface, id, RegionKind::Weight));
  ANEC_TRY(static_cast<AneSurface &>(surface).stage(id, master, pool));
  counted.stagedBytes += master.size() * sizeof(half);
  return std::nullopt;
}

Result<std::unique_ptr<SurfaceMap>> AneDevice::map(Surface &surface,
                                                   RegionId id, Access access) {
  ANEC_ASSIGN(const Region *region,
              findRegion(surface, id, RegionKind::Activation));
  return static_cast<AneSurface &>(surface).map(*region, access);
}

std::optional<Error> AneDevice::checkThread() {
  if (evaluator == std::thread::id()) {
    evaluator = std::this_thread::get_id();
    framework->raiseThread();
  }
  if (evaluator != std::this_thread::get_id())
    return makeError(ErrorCode::InvalidInput,
                     "expected all programs to run on one thread [eval-sync]");
  return std::nullopt;
}

/// All surfaces of one direction become as long as the longest.
std::optional<Error>
AneDevice::makeUniform(const std::vector<AneSurface *> &surfaces) {
  int64_t longest = 0;
  for (const AneSurface *surface : surfaces)
    longest = std::max(longest, surface->bytes());
  for (AneSurface *surface : surfaces)
    ANEC_TRY(surface->grow(longest));
  return std::nullopt;
}

/// On the first dispatch of a patched program: its result tells which weights
/// the engine used. When not the new ones, the program is compiled after all.
std::optional<Error>
AneDevice::confirmPatch(AneProgram &program,
                        const std::vector<AneSurface *> &inputs,
                        const std::vector<AneSurface *> &outputs) {
  ANEC_ASSIGN(const Match match, program.matchPatch(inputs, outputs));
  if (match == Match::Unclear)
    return std::nullopt; // and look again at the next dispatch
  const std::shared_ptr<Donor> donor = std::move(program.donor);
  program.donor.reset();
  if (match == Match::New) {
    donor->isVerified = true;
    return std::nullopt;
  }
  canPatch = false;
  note(fmt::format("kernels are compiled after each update, because a patched "
                   "one ('{}') computed with {} weights [w-patch-donor]",
                   program.name, match == Match::Old ? "old" : "wrong"));
  ANEC_ASSIGN(const std::string text, program.model->folder->text());
  ANEC_ASSIGN(const Blobs blobs, program.model->folder->blobs());
  program.replace(nullptr); // unloads first: one name, one model
  --reloads;
  ANEC_ASSIGN(std::shared_ptr<LoadedModel> compiled,
              compile(program.name, text, blobs));
  program.replace(std::move(compiled));
  // A sum that was updated in place has wrong values in it now.
  for (const AneSurface *output : outputs)
    if (std::find(inputs.begin(), inputs.end(), output) != inputs.end())
      return makeError(ErrorCode::DeviceFailure,
                       "{}: was patched and computed with other weights, in "
                       "place, which cannot be repeated; start again with "
                       "--resume, and --weights=baked if it happens again "
                       "[w-patch-donor]",
                       program.name);
  return program.evaluate(*framework, options.qos, inputs, outputs);
}

std::vector<AneSurface *> ours(const std::vector<Surface *> &surfaces) {
  std::vector<AneSurface *> all;
  for (Surface *surface : surfaces)
    all.push_back(static_cast<AneSurface *>(surface));
  return all;
}

std::optional<Error> AneDevice::run(Program &program,
                                    const std::vector<Surface *> &inputs,
                                    const std::vector<Surface *> &outputs) {
  ANEC_TRY(checkThread());
  auto &ready = static_cast<AneProgram &>(program);
  const std::vector<AneSurface *> from = ours(inputs), to = ours(outputs);
  ANEC_TRY(ready.check(from, to));
  if (options.uniformSizes) {
    ANEC_TRY(makeUniform(from));
    ANEC_TRY(makeUniform(to));
  }
  ANEC_TRY(ready.evaluate(*framework, options.qos, from, to));
  if (ready.donor)
    ANEC_TRY(confirmPatch(ready, from, to));
  ANEC_TRY(ready.checkZeros(from, to));
  ++counted.dispatches;
  counted.deviceBytes += ready.model->signature.bytes();
  return std::nullopt;
}

DeviceCounters AneDevice::counters() const {
  DeviceCounters all = counted;
  all.compiles = compiles;
  all.reloads = reloads;
  const std::lock_guard<std::mutex> guard(mutex);
  all.notes = notes;
  return all;
}

} // namespace
} // namespace ane

AneOptions AneOptions::fromEnvironment() {
  AneOptions options;
  if (const char *library = std::getenv("ANEC_ANE_LIBRARY"))
    options.libraries = ane::LibraryPaths::single(library);
  return options;
}

Result<std::unique_ptr<Device>> makeAneDevice(const AneOptions &options,
                                              ThreadPool &pool) {
  ANEC_ASSIGN(std::shared_ptr<const ane::Framework> framework,
              ane::Framework::open(options.libraries));
  return std::unique_ptr<Device>(
      std::make_unique<ane::AneDevice>(std::move(framework), options, pool));
}

std::vector<std::string> aneInputSlots(const Program &program) {
  const ane::LoadedModel &model =
      *static_cast<const ane::AneProgram &>(program).model;
  std::vector<std::string> names;
  for (const size_t port : model.inputOrder)
    names.push_back(model.signature.inputs[port].name);
  return names;
}

Result<ane::EngineInfo> aneEngineInfo(const AneOptions &options) {
  ANEC_ASSIGN(std::shared_ptr<const ane::Framework> framework,
              ane::Framework::open(options.libraries));
  return framework->info();
}

} // namespace anec::rt
