//===- CpuProgram.h - A MIL function ready to run ---------------*- C++ -*-===//
//
// A list of steps with planned memory. The device runs it on surfaces;
// `ane-run exec` runs it on arrays.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_CPUPROGRAM_H
#define ANEC_RUNTIME_DEVICE_CPU_CPUPROGRAM_H

#include "runtime/device/cpu/Kernels.h"
#include "runtime/device/cpu/SurfacePart.h"
#include "runtime/device/cpu/Tensor.h"
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/mil/Blob.h"
#include "runtime/support/AlignedBuffer.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace anec::rt::cpu {

/// An element range of a buffer, seen with a layout.
struct ValueRef {
  size_t buffer = 0;
  /// Elements from the buffer's start to the first one.
  int64_t offset = 0;
  Layout layout;

  bool operator==(const ValueRef &other) const {
    return buffer == other.buffer && offset == other.offset &&
           layout.storage == other.layout.storage &&
           layout.dims == other.layout.dims &&
           layout.strides == other.layout.strides;
  }
};

enum class BufferKind { Input, Output, Constant, Temporary };

/// Memory that values live in. A buffer may be a part of another one, so that
/// a value is computed where a concat or the output wants it.
struct Buffer {
  BufferKind kind = BufferKind::Temporary;
  /// Of the input, the output or the constant.
  size_t index = 0;
  int64_t bytes = 0;
  /// The buffer that this one is a part of; itself when it is not.
  size_t parent = 0;
  int64_t parentOffset = 0;
  /// Temporary ones that are not parts: bytes from the arena's start.
  int64_t arenaOffset = 0;
};

/// A rectangle of an input [1, A, B, width] with A times B channels.
struct InputPart : SurfacePart {
  size_t port = 0;
};

/// A left operand of a product that is a whole rectangle of an input. Whoever
/// runs the program may hand it over packed, as [channels, columns] or
/// transposed.
struct PackedPart : InputPart {
  bool transposed = false;
};

/// A region that a program finds outside of its input, behind the ports.
struct Borrowed {
  BorrowedRegion what;
  /// Otherwise the program reads the input all the same.
  bool isReadThere = false;
};

/// An input and an output of a program, by number.
struct SharedPorts {
  size_t input = 0, output = 0;
};

struct Step {
  Step(std::string op, Kernel kernel, std::vector<ValueRef> inputs,
       std::vector<ValueRef> results)
      : op(std::move(op)), kernel(std::move(kernel)), inputs(std::move(inputs)),
        results(std::move(results)) {}

  /// The MIL operator, "copy", or "fused".
  std::string op;
  Kernel kernel;
  std::vector<ValueRef> inputs, results;
  /// "file:line:column: 'operator'", for errors; empty for copies.
  std::string place;
  std::optional<PackableInput> packable;
  /// Where the packed form of that input is, if there is one.
  std::optional<size_t> packedPart, packedConstant;
  /// For steps that may go through rows together with others.
  std::optional<RowOperation> rows;
  /// The step before is a product too and multiplies by the same input.
  bool repeatsRight = false;
  /// A causal mask is added to the product before anybody else sees it.
  bool isMasked = false;
};

/// An input or output; memory is contiguous, row-major.
struct Port {
  std::string name;
  mil::Type type;
  Layout layout;
};

struct CompileOptions {
  Numerics numerics = Numerics::Ane;
  mil::BlobChecks blobChecks = mil::BlobChecks::Strict;
  /// Empty: "main", or the only function.
  std::string function;
  /// Sizes of inputs whose types leave them open ('?').
  std::map<std::string, Dims> inputDims;
  /// Elements of inputs, row-major. What follows from them is computed while
  /// compiling, so that sizes may depend on them.
  std::map<std::string, std::vector<double>> knownInputs;
  /// Names of inner values to return after the function's own outputs.
  std::vector<std::string> extraOutputs;
  /// Whether steps that go through rows of the same size become one. Results
  /// are the same bits, but for sums over all rows, which are cut differently.
  bool fuseRows = true;
  /// Unless empty, every kernel goes through it, alone: nothing is fused.
  KernelWrapper wrapper;
};

/// Seconds by operator.
using OperatorTimes = std::map<std::string, double>;

/// Immutable after `compile`; `run` may be called again and again.
class CpuProgram {
public:
  /// Parses, checks and plans. InvalidInput or Unsupported with
  /// "name:line:column: ..." otherwise. What was forgiven is appended to
  /// `warnings` unless it is null.
  static Result<std::unique_ptr<CpuProgram>>
  compile(const ProgramFiles &files, const CompileOptions &options,
          ThreadPool &pool, std::vector<std::string> *warnings = nullptr);

  const std::vector<Port> &inputs() const { return inputPorts; }
  const std::vector<Port> &outputs() const { return outputPorts; }
  size_t stepCount() const { return steps.size(); }
  /// Products of which a causal mask covers a half, which may be left out.
  size_t maskedProductCount() const;
  int64_t arenaBytes() const { return arenaSize; }
  /// Parts of inputs that may be handed over packed.
  const std::vector<PackedPart> &packedParts() const { return parts; }
  /// What of the inputs is read in any other way; may overlap.
  const std::vector<InputPart> &readParts() const { return reads; }

  /// Inputs and outputs that may be the same memory: one sum or product reads
  /// the former, nothing else does, and writes the latter, element by element.
  const std::vector<SharedPorts> &sharedPorts() const { return shared; }

  /// What ProgramFiles::borrowed asked for.
  const std::vector<Borrowed> &borrowed() const { return borrows; }

  /// Computes all outputs. Pointers follow the ports and do not overlap, but
  /// for sharedPorts(); behind the inputs come the first elements of
  /// borrowed(). `arena` grows as needed and may be shared by programs. Adds to
  /// `times` unless it is null. `packed` follows packedParts() with null for
  /// what is read in place; empty: everything is. InvalidInput when an index
  /// among the inputs reaches outside a tensor.
  std::optional<Error>
  run(const std::vector<const void *> &inputs,
      const std::vector<void *> &outputs, AlignedBuffer<uint8_t> &arena,
      ThreadPool &pool, OperatorTimes *times = nullptr,
      const std::vector<const PackedMatrix *> &packed = {}) const;

private:
  friend class Compiler;
  /// Addresses of one run.
  struct Memory {
    const std::vector<const void *> &inputs;
    const std::vector<const PackedMatrix *> &packed;
    const std::vector<void *> &outputs;
    uint8_t *temporaries;
  };

  /// The tensors of a step without their addresses.
  struct StepTensors {
    explicit StepTensors(const Step &step);
    std::vector<Tensor> inputs, results;
  };
  /// Those of all steps, for one run at a time: to copy layouts for each step
  /// of each run would take as long as small steps.
  using Frame = std::vector<StepTensors>;

  CpuProgram() = default;
  /// Not what the program borrows.
  bool isPort(const Buffer &buffer) const {
    return buffer.kind == BufferKind::Input && buffer.index < inputPorts.size();
  }
  uint8_t *address(size_t buffer, const Memory &memory) const;
  void setAddresses(const std::vector<ValueRef> &values, const Memory &memory,
                    std::vector<Tensor> &tensors) const;
  std::optional<Error> runStep(const Step &step, const Memory &memory,
                               StepTensors &tensors, ThreadPool &pool,
                               RepeatedRight *right = nullptr) const;
  std::unique_ptr<Frame> takeFrame() const;
  void giveBack(std::unique_ptr<Frame> frame) const;

  std::vector<Port> inputPorts, outputPorts;
  std::vector<Buffer> buffers;
  std::vector<Step> steps;
  std::vector<AlignedBuffer<uint8_t>> constants;
  std::vector<PackedMatrix> packedConstants;
  std::vector<PackedPart> parts;
  std::vector<InputPart> reads;
  std::vector<SharedPorts> shared;
  std::vector<Borrowed> borrows;
  int64_t arenaSize = 0;
  /// Frames that no run uses.
  mutable std::mutex framesMutex;
  mutable std::vector<std::unique_ptr<Frame>> frames;
};

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_CPUPROGRAM_H
