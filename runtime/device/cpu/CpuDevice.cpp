//===- CpuDevice.cpp - The reference device -------------------------------===//
//
// Connects surfaces with programs and counts.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuDevice.h"

#include "runtime/device/RegionMemory.h"
#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/device/cpu/CpuSurface.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace anec::rt {

namespace cpu {
namespace {

/// The device's view of a compiled function.
struct LoadedProgram : Program {
  std::unique_ptr<CpuProgram> program;
  uint64_t signatureBytes = 0;
};

class CpuDevice : public Device {
public:
  CpuDevice(Numerics numerics, ThreadPool &pool, KernelWrapper wrapper)
      : mode(numerics), pool(pool), wrapper(std::move(wrapper)) {}

  Numerics numerics() const override { return mode; }
  Result<std::unique_ptr<Program>> load(const ProgramFiles &files) override;
  Result<std::unique_ptr<Surface>> allocate(const SurfaceSpec &spec) override;
  Result<std::vector<std::unique_ptr<Surface>>>
  allocateAll(const SurfaceSpec &spec, int64_t count, bool inTurn) override;
  std::optional<Error> stage(Surface &surface, RegionId region,
                             Span<const float> master) override {
    return stageValues(surface, region, master);
  }
  std::optional<Error> stage(Surface &surface, RegionId region,
                             Span<const double> master) override {
    return stageValues(surface, region, master);
  }
  std::unique_ptr<RowStaging> stageRows(Surface &surface,
                                        RegionId region) override;
  Result<std::unique_ptr<SurfaceMap>> map(Surface &surface, RegionId region,
                                          Access access) override;
  void prepare(Program &program, const std::vector<Surface *> &inputs) override;
  std::optional<Error> run(Program &program,
                           const std::vector<Surface *> &inputs,
                           const std::vector<Surface *> &outputs) override;
  bool borrows() const override { return true; }
  DeviceCounters counters() const override {
    DeviceCounters all = counted;
    all.compiles = compiles;
    all.reloads = reloads;
    return all;
  }

private:
  template <typename T>
  std::optional<Error> stageValues(Surface &surface, RegionId region,
                                   Span<const T> master);
  std::optional<Error> checkPorts(const std::string &name,
                                  const std::vector<Port> &ports,
                                  uint64_t &bytes) const;

  size_t bytesOf(const Surface &surface) const;
  void copyBorrowed(const CpuProgram &program,
                    const std::vector<Surface *> &inputs) const;
  std::vector<size_t> moveShared(const CpuProgram &program,
                                 const std::vector<const void *> &from,
                                 std::vector<void *> &to,
                                 const std::vector<Surface *> &outputs);

  Numerics mode;
  ThreadPool &pool;
  KernelWrapper wrapper;
  AlignedBuffer<uint8_t> arena;
  /// Results of a dispatch for surfaces that it reads too.
  AlignedBuffer<uint8_t> beside;
  DeviceCounters counted;
  /// Programs are loaded on another thread too.
  std::atomic<uint64_t> compiles{0}, reloads{0};
};

Storage surfaceStorage(Numerics numerics) {
  switch (storageType(numerics)) {
  case ElementType::F16:
    return Storage::F16;
  case ElementType::F32:
    return Storage::F32;
  case ElementType::F64:
    break;
  }
  return Storage::F64;
}

std::optional<Error> CpuDevice::checkPorts(const std::string &name,
                                           const std::vector<Port> &ports,
                                           uint64_t &bytes) const {
  for (const Port &port : ports) {
    const Layout &layout = port.layout;
    if (layout.storage != surfaceStorage(mode) || !surfaceShape(layout.dims))
      return makeError(ErrorCode::InvalidInput,
                       "{}: expected '{}' to be a surface tensor<fp16, [1, A, "
                       "B, W]>, found {}",
                       name, port.name, mil::toString(port.type));
    bytes += static_cast<uint64_t>(elementCount(layout.dims) *
                                   storageSize(layout.storage));
  }
  return std::nullopt;
}

Result<std::unique_ptr<Program>> CpuDevice::load(const ProgramFiles &files) {
  CompileOptions options;
  options.numerics = mode;
  options.wrapper = wrapper;
  auto loaded = std::make_unique<LoadedProgram>();
  ANEC_ASSIGN(loaded->program, CpuProgram::compile(files, options, pool));
  ANEC_TRY(checkPorts(files.name, loaded->program->inputs(),
                      loaded->signatureBytes));
  ANEC_TRY(checkPorts(files.name, loaded->program->outputs(),
                      loaded->signatureBytes));
  ++(files.isPatch ? reloads : compiles);
  return std::unique_ptr<Program>(std::move(loaded));
}

Result<std::unique_ptr<Surface>> CpuDevice::allocate(const SurfaceSpec &spec) {
  ANEC_ASSIGN(std::vector<std::unique_ptr<Surface>> one,
              allocateAll(spec, 1, /*inTurn=*/false));
  return std::move(one.front());
}

Result<std::vector<std::unique_ptr<Surface>>>
CpuDevice::allocateAll(const SurfaceSpec &spec, int64_t count, bool inTurn) {
  ANEC_TRY(checkSurfaceSpec(spec));
  auto array =
      std::make_shared<SurfaceArray>(spec, storageType(mode), count, inTurn);
  std::vector<std::unique_ptr<Surface>> all;
  for (int64_t i = 0; i < count; ++i)
    all.push_back(
        std::make_unique<CpuSurface>(spec, storageType(mode), array, i));
  return Result<std::vector<std::unique_ptr<Surface>>>(std::move(all));
}

template <typename T>
std::optional<Error> CpuDevice::stageValues(Surface &surface, RegionId id,
                                            Span<const T> master) {
  ANEC_ASSIGN([[maybe_unused]] const Region *region,
              findRegion(surface, id, RegionKind::Weight));
  auto &memory = static_cast<CpuSurface &>(surface);
  ANEC_TRY(memory.stage(id, master, pool));
  counted.stagedBytes +=
      master.size() * static_cast<uint64_t>(elementSize(memory.type()));
  return std::nullopt;
}

std::unique_ptr<RowStaging> CpuDevice::stageRows(Surface &surface,
                                                 RegionId id) {
  const auto region = findRegion(surface, id, RegionKind::Weight);
  if (!region)
    return nullptr;
  auto &memory = static_cast<CpuSurface &>(surface);
  std::unique_ptr<RowStaging> staging = memory.stageRows(id);
  if (staging)
    counted.stagedBytes += static_cast<uint64_t>(
        (*region)->rows * (*region)->columns * elementSize(memory.type()));
  return staging;
}

Result<std::unique_ptr<SurfaceMap>> CpuDevice::map(Surface &surface,
                                                   RegionId id, Access) {
  ANEC_ASSIGN(const Region *region,
              findRegion(surface, id, RegionKind::Activation));
  auto &memory = static_cast<CpuSurface &>(surface);
  memory.keepInPlace(partOf(*region)); // weights that it overlaps
  return std::make_unique<SurfaceMap>(memory.type(), memory.data(),
                                      memory.spec().width, *region);
}

/// Surfaces must have the size of the ports they are given for.
std::optional<Error> checkSurfaces(const std::vector<Port> &ports,
                                   const std::vector<Surface *> &surfaces,
                                   const char *what, size_t lenders = 0) {
  if (ports.size() + lenders != surfaces.size())
    return makeError(ErrorCode::InvalidInput, "expected {} {}s, found {}",
                     ports.size() + lenders, what, surfaces.size());
  for (size_t i = 0; i < ports.size(); ++i) {
    const SurfaceSpec &spec = surfaces[i]->spec();
    const SurfaceShape shape = *surfaceShape(ports[i].layout.dims);
    if (spec.channels != shape.channels || spec.width != shape.width)
      return makeError(ErrorCode::InvalidInput,
                       "{} '{}': expected a surface [{}, {}], found '{}' [{}, "
                       "{}]",
                       what, ports[i].name, shape.channels, shape.width,
                       spec.name, spec.channels, spec.width);
  }
  return std::nullopt;
}

/// Lenders must hold what a program borrows, and not be written meanwhile.
std::optional<Error> checkLenders(const std::vector<Borrowed> &borrowed,
                                  Surface *const *lenders,
                                  const std::vector<Surface *> &outputs) {
  for (size_t i = 0; i < borrowed.size(); ++i) {
    const SurfaceSpec &spec = lenders[i]->spec();
    const Region &region = borrowed[i].what.lenders;
    if (region.columns != spec.width || region.rows > region.blockRows ||
        region.channel + region.rows > spec.channels)
      return makeError(ErrorCode::InvalidInput,
                       "surface '{}' [{}, {}]: expected all columns of {} "
                       "channels from {} on to be region '{}' [{}, {}]",
                       spec.name, spec.channels, spec.width, region.rows,
                       region.channel, region.name, region.rows,
                       region.columns);
    if (std::find(outputs.begin(), outputs.end(), lenders[i]) != outputs.end())
      return makeError(ErrorCode::InvalidInput,
                       "surface '{}' lends to a dispatch that writes it",
                       spec.name);
  }
  return std::nullopt;
}

/// The first element of what a surface lends.
static uint8_t *lentBy(Surface &surface, const Borrowed &borrowed) {
  auto &memory = static_cast<CpuSurface &>(surface);
  return memory.data() + borrowed.what.lenders.channel * memory.spec().width *
                             elementSize(memory.type());
}

/// What the program reads in its inputs all the same.
void CpuDevice::copyBorrowed(const CpuProgram &program,
                             const std::vector<Surface *> &inputs) const {
  const std::vector<Borrowed> &borrowed = program.borrowed();
  for (size_t i = 0; i < borrowed.size(); ++i) {
    if (borrowed[i].isReadThere)
      continue;
    const Region &region = borrowed[i].what.region;
    const int64_t size = elementSize(storageType(mode));
    auto &to = static_cast<CpuSurface &>(*inputs[borrowed[i].what.input]);
    to.keepInPlace(partOf(region));
    const uint8_t *from =
        lentBy(*inputs[program.inputs().size() + i], borrowed[i]);
    for (int64_t row = 0; row < region.rows; ++row) {
      const int64_t channel = region.channel + row % region.blockRows;
      const int64_t column =
          region.column + row / region.blockRows * region.columns;
      std::memcpy(to.data() + (channel * to.spec().width + column) * size,
                  from + row * region.columns * size,
                  static_cast<size_t>(region.columns * size));
    }
  }
}

/// The packed forms of what `program` can read so, and everything else in
/// place.
static std::vector<const PackedMatrix *>
bringIntoForm(const CpuProgram &program, const std::vector<Surface *> &inputs,
              ThreadPool &pool) {
  auto surface = [&](const InputPart &part) {
    return static_cast<CpuSurface *>(inputs[part.port]);
  };
  std::vector<const PackedMatrix *> packed;
  for (const PackedPart &part : program.packedParts()) {
    packed.push_back(surface(part)->packed(part, part.transposed, pool));
    if (!packed.back())
      surface(part)->keepInPlace(part);
  }
  for (const InputPart &part : program.readParts())
    surface(part)->keepInPlace(part);
  return packed;
}

void CpuDevice::prepare(Program &program,
                        const std::vector<Surface *> &inputs) {
  const CpuProgram &loaded = *static_cast<LoadedProgram &>(program).program;
  if (!checkSurfaces(loaded.inputs(), inputs, "input",
                     loaded.borrowed().size()))
    bringIntoForm(loaded, inputs, pool);
}

size_t CpuDevice::bytesOf(const Surface &surface) const {
  return static_cast<size_t>(surface.spec().channels * surface.spec().width *
                             elementSize(storageType(mode)));
}

/// Gives outputs that are inputs too other memory to be written to, where the
/// program cannot do with one; returns which.
std::vector<size_t> CpuDevice::moveShared(
    const CpuProgram &program, const std::vector<const void *> &from,
    std::vector<void *> &to, const std::vector<Surface *> &outputs) {
  std::vector<size_t> shared;
  size_t bytes = 0;
  auto isSafe = [&](size_t input, size_t output) {
    const auto &ports = program.sharedPorts();
    return std::any_of(ports.begin(), ports.end(), [&](SharedPorts each) {
      return each.input == input && each.output == output;
    });
  };
  for (size_t i = 0; i < to.size(); ++i)
    for (size_t input = 0; input < from.size(); ++input)
      if (from[input] == to[i] && !isSafe(input, i)) {
        shared.push_back(i);
        bytes += bytesOf(*outputs[i]);
        break;
      }
  uint8_t *memory = beside.reserve(static_cast<int64_t>(bytes));
  for (size_t i : shared) {
    to[i] = memory;
    memory += bytesOf(*outputs[i]);
  }
  return shared;
}

std::optional<Error> CpuDevice::run(Program &program,
                                    const std::vector<Surface *> &inputs,
                                    const std::vector<Surface *> &outputs) {
  auto &loaded = static_cast<LoadedProgram &>(program);
  const std::vector<Borrowed> &borrowed = loaded.program->borrowed();
  const size_t ports = loaded.program->inputs().size();
  ANEC_TRY(checkSurfaces(loaded.program->inputs(), inputs, "input",
                         borrowed.size()));
  ANEC_TRY(checkSurfaces(loaded.program->outputs(), outputs, "output"));
  ANEC_TRY(checkLenders(borrowed, inputs.data() + ports, outputs));
  for (Surface *surface : outputs) {
    if (std::count(outputs.begin(), outputs.end(), surface) > 1)
      return makeError(ErrorCode::InvalidInput,
                       "surface '{}' is output of one dispatch twice",
                       surface->spec().name);
    static_cast<CpuSurface *>(surface)->useWhole();
  }
  // Addresses are those of arrays with all that is read in them.
  const std::vector<const PackedMatrix *> packed =
      bringIntoForm(*loaded.program, inputs, pool);
  for (size_t i = 0; i < borrowed.size(); ++i)
    static_cast<CpuSurface *>(inputs[ports + i])
        ->keepInPlace(partOf(borrowed[i].what.lenders));
  copyBorrowed(*loaded.program, inputs);
  std::vector<const void *> from;
  std::vector<void *> to;
  for (size_t i = 0; i < ports; ++i)
    from.push_back(static_cast<CpuSurface *>(inputs[i])->data());
  for (size_t i = 0; i < borrowed.size(); ++i)
    from.push_back(lentBy(*inputs[ports + i], borrowed[i]));
  for (Surface *surface : outputs)
    to.push_back(static_cast<CpuSurface *>(surface)->data());
  const std::vector<size_t> shared =
      moveShared(*loaded.program, from, to, outputs);
  ANEC_TRY(loaded.program->run(from, to, arena, pool, &counted.operatorSeconds,
                               packed));
  for (size_t i : shared)
    std::memcpy(static_cast<CpuSurface *>(outputs[i])->data(), to[i],
                bytesOf(*outputs[i]));
  ++counted.dispatches;
  counted.deviceBytes += loaded.signatureBytes;
  return std::nullopt;
}

} // namespace
} // namespace cpu

std::unique_ptr<Device> makeCpuDevice(Numerics numerics, ThreadPool &pool,
                                      cpu::KernelWrapper wrapper) {
  return std::make_unique<cpu::CpuDevice>(numerics, pool, std::move(wrapper));
}

} // namespace anec::rt
