//===- Device.h - What executes kernels -------------------------*- C++ -*-===//
//
// The only way the plan executor reaches a device: load programs, allocate
// surfaces, stage weights, map activations, run. Surfaces are seen through
// declared regions, so a device always knows which weight changed and may keep
// it in any form it likes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_DEVICE_H
#define ANEC_RUNTIME_DEVICE_DEVICE_H

#include "runtime/support/Half.h"
#include "runtime/support/Result.h"
#include "runtime/support/Span.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace anec::rt {

/// How device programs compute. Ane: fp16 storage, each result rounded, f32
/// accumulation. F32 and F64 replace every float storage by that type.
enum class Numerics { Ane, F32, F64 };

/// Element type of surface memory and of baked weights.
enum class ElementType { F16, F32, F64 };

/// What surfaces and baked weights hold under `numerics`.
inline ElementType storageType(Numerics numerics) {
  switch (numerics) {
  case Numerics::Ane:
    return ElementType::F16;
  case Numerics::F32:
    return ElementType::F32;
  case Numerics::F64:
    break;
  }
  return ElementType::F64;
}

/// How a logical matrix is stored: transposed or not, rows and columns in
/// another order. `rowOrder[p]` is the logical row found at stored position p
/// (before transposition); empty means the identity. The same for columns.
struct MatrixOrder {
  bool transposed = false;
  std::vector<int64_t> rowOrder;
  std::vector<int64_t> columnOrder;

  /// Stored as it is.
  bool isNatural() const {
    return !transposed && rowOrder.empty() && columnOrder.empty();
  }
};

enum class RegionKind { Weight, Activation };

/// A named part of a surface that holds one logical matrix.
///
/// The stored matrix (after `order`) is [rows, columns]. Stored row r is at
/// surface channel `channel + r % blockRows`, its column c at surface column
/// `column + (r / blockRows) * columns + c`: a matrix with more rows than the
/// surface has channels is folded into blocks side by side.
struct Region {
  std::string name;
  RegionKind kind = RegionKind::Activation;
  int64_t rows = 0, columns = 0;
  int64_t channel = 0, column = 0;
  int64_t blockRows = 0;
  MatrixOrder order;
};

using RegionId = size_t;

/// One surface [1, channels, 1, width], channel-first, rows packed.
struct SurfaceSpec {
  std::string name;
  int64_t channels = 0, width = 0;
  std::vector<Region> regions;
};

/// One matrix of parameter values for a program with baked weights, already in
/// stored order, in the storage type of the device's numerics.
struct BakedWeight {
  ElementType type = ElementType::F16;
  std::vector<uint8_t> bytes;
};

/// A region of an input whose elements a program finds in a region of another
/// surface, the lender, as many rows and columns in the same order. The
/// lender's are as wide as it is and not folded: side by side in memory.
struct BorrowedRegion {
  /// In the order of the MIL signature.
  size_t input = 0;
  Region region, lenders;
};

/// Everything a device needs to compile one program.
struct ProgramFiles {
  std::string name;
  /// MIL text.
  std::string text;
  /// Blob files by their path in the text ("@model_path/weights/mask.bin").
  std::map<std::string, std::vector<uint8_t>> blobs;
  /// Baked parameters by their path in the text. The device writes a blob file
  /// itself where it needs one.
  std::map<std::string, BakedWeight> baked;
  /// Whether a program of the same text was compiled before and only `baked`
  /// changed, so that a device may patch it instead of compiling again.
  bool isPatch = false;
  /// f32 files of blobs that fp16 rounded, by the blob's path in the text. Read
  /// in place of them by devices that compute in f32 or f64, and only by them.
  std::map<std::string, std::vector<uint8_t>> exactBlobs = {};
  /// The same for constants in the text, by their names.
  std::map<std::string, std::vector<double>> exactValues = {};
  /// Only for devices that `borrow`; of one input no two overlap.
  std::vector<BorrowedRegion> borrowed = {};
};

/// A compiled program; destroyed before its device.
class Program {
public:
  virtual ~Program() = default;
};

/// Device memory; destroyed before its device.
class Surface {
public:
  virtual ~Surface() = default;
  virtual const SurfaceSpec &spec() const = 0;
};

enum class Access { Read, Write };

/// Scoped access to one region's memory: the destructor ends it. Never held
/// across `run`.
class SurfaceMap {
public:
  SurfaceMap(ElementType type, void *surface, int64_t rowStride,
             const Region &region)
      : elementType(type), base(surface), stride(rowStride), matrix(&region) {}
  SurfaceMap(SurfaceMap &&) = default;
  SurfaceMap &operator=(SurfaceMap &&) = default;
  virtual ~SurfaceMap() = default;

  ElementType type() const { return elementType; }
  /// First element of the surface, not of the region.
  void *data() const { return base; }
  /// Elements between two channels.
  int64_t rowStride() const { return stride; }
  const Region &region() const { return *matrix; }

private:
  ElementType elementType;
  void *base;
  int64_t stride;
  const Region *matrix;
};

/// Takes the values of one weight region a few rows at a time, while they are
/// in a cache.
class RowStaging {
public:
  virtual ~RowStaging() = default;
  /// Where pieces may begin: at multiples of this.
  virtual int64_t rowAlignment() const = 0;
  /// Rows from `first` to before `first + count` of the master in natural
  /// order; `count` is a multiple of the alignment unless they are the last.
  /// From any thread; pieces do not overlap.
  virtual void put(int64_t first, int64_t count, const float *values) = 0;
};

/// What a device did since it was made.
struct DeviceCounters {
  uint64_t compiles = 0;
  /// Programs loaded again with other baked weights; no compiles.
  uint64_t reloads = 0;
  uint64_t dispatches = 0;
  /// Signature bytes of every dispatch, padding included.
  uint64_t deviceBytes = 0;
  /// Elements staged times element size, without padding.
  uint64_t stagedBytes = 0;
  /// What the dispatches would take on the chip that a device imitates, by the
  /// cost model; 0 for others.
  double estimatedSeconds = 0;
  /// Time in programs by MIL operator, where the device can tell.
  std::map<std::string, double> operatorSeconds;
  /// What the device does in another way than it was asked to, for people.
  std::vector<std::string> notes;
};

/// CpuDevice is the reference; every other device must agree with it on every
/// test in test/conformance. `load` may run on one other thread while `run`
/// runs; everything else happens on one thread.
class Device {
public:
  virtual ~Device() = default;

  virtual Numerics numerics() const = 0;

  /// Compiles `files`. BudgetExhausted when this process may not compile
  /// again; the caller restarts the process, it does not retry.
  virtual Result<std::unique_ptr<Program>> load(const ProgramFiles &files) = 0;

  /// Zeroed memory for one surface.
  virtual Result<std::unique_ptr<Surface>>
  allocate(const SurfaceSpec &spec) = 0;

  /// `count` surfaces of one spec. `inTurn`: never two of them hold activations
  /// that somebody still reads, so that a device that keeps weights elsewhere
  /// may use one piece of memory for the activations of all.
  virtual Result<std::vector<std::unique_ptr<Surface>>>
  allocateAll(const SurfaceSpec &spec, int64_t count, bool inTurn) {
    (void)inTurn;
    std::vector<std::unique_ptr<Surface>> all;
    for (int64_t i = 0; i < count; ++i) {
      ANEC_ASSIGN(std::unique_ptr<Surface> one, allocate(spec));
      all.push_back(std::move(one));
    }
    return Result<std::vector<std::unique_ptr<Surface>>>(std::move(all));
  }

  /// Writes parameter values, in natural order, into a weight region:
  /// converts, permutes and transposes as the region declares.
  virtual std::optional<Error> stage(Surface &surface, RegionId region,
                                     Span<const float> master) = 0;
  virtual std::optional<Error> stage(Surface &surface, RegionId region,
                                     Span<const double> master) = 0;

  /// The same, piece by piece: every row must be put before the next run.
  /// Null when the device wants the region as a whole; nothing was staged then.
  virtual std::unique_ptr<RowStaging> stageRows(Surface &surface,
                                                RegionId region) {
    (void)surface;
    (void)region;
    return nullptr;
  }

  /// Access to an activation region until the result is destroyed.
  virtual Result<std::unique_ptr<SurfaceMap>>
  map(Surface &surface, RegionId region, Access access) = 0;

  /// Says that `program` will run on `inputs`, as `run` takes them: the device
  /// may keep staged weights in the form that the program reads. `run` does
  /// without, later.
  virtual void prepare(Program &program, const std::vector<Surface *> &inputs) {
    (void)program;
    (void)inputs;
  }

  /// Whether programs read regions of their inputs where ProgramFiles::borrowed
  /// says, so that nobody need copy them.
  virtual bool borrows() const { return false; }

  /// Runs to completion. `inputs` and `outputs` follow the MIL signature; a
  /// device that orders them otherwise permutes here, not above. Behind the
  /// inputs come the lenders of what the program borrows, in that order; none
  /// is an output. A surface may be an input and an output where the target
  /// allows it (io-in-place): the program sees what it held before.
  virtual std::optional<Error> run(Program &program,
                                   const std::vector<Surface *> &inputs,
                                   const std::vector<Surface *> &outputs) = 0;

  /// Whether the CPU has nothing to do while `run` or `load` runs, or shall be
  /// used as if: then other work beside them is time won.
  virtual bool leavesHostIdle() const { return false; }

  virtual DeviceCounters counters() const = 0;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_DEVICE_DEVICE_H
