//===- ArrayRunner.h - A program on arrays ----------------------*- C++ -*-===//
//
// What `ane-run exec` does once a program is read: .npy arrays in, .npy arrays
// out.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ARRAYRUNNER_H
#define ANEC_RUNTIME_DEVICE_CPU_ARRAYRUNNER_H

#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/support/Npy.h"

#include <map>
#include <string>
#include <vector>

namespace anec::rt::cpu {

using NamedArrays = std::map<std::string, NpyArray>;

struct NamedArray {
  std::string name;
  NpyArray array;
};

/// Type and sizes in NumPy's words, such as "float32 [1, 64]".
std::string describe(const NpyArray &array);

/// Every parameter must be given, nothing else, with the written sizes, and
/// with elements of its class: floats for floats, integers for integers, bool
/// (or 0 and 1 in bytes) for bool. InvalidInput says which input, what was
/// expected and what was found.
std::optional<Error> checkInputs(const mil::Function &function,
                                 const NamedArrays &inputs);

/// The sizes of all inputs, for CompileOptions.
std::map<std::string, Dims> sizesOf(const NamedArrays &inputs);

/// Compiles a program for the inputs it will run on, which `checkInputs`
/// accepted. Where sizes depend on elements, the integers among the inputs, or
/// else all of them, are taken as constants; `warnings` says so.
Result<std::unique_ptr<CpuProgram>>
compileFor(const ProgramFiles &files, CompileOptions options,
           const NamedArrays &inputs, ThreadPool &pool,
           std::vector<std::string> *warnings = nullptr);

/// A program with memory for its inputs and outputs.
class ArrayRun {
public:
  /// Converts the inputs, which `checkInputs` accepted, to the stored types:
  /// floats are rounded once, integers must be in the range of the written
  /// type. What was lost beyond rounding is appended to `warnings` unless it
  /// is null. `program` must outlive the run.
  static Result<ArrayRun> prepare(const CpuProgram &program,
                                  const NamedArrays &inputs,
                                  std::vector<std::string> *warnings = nullptr);

  /// Computes the outputs; again and again if wanted. InvalidInput when an
  /// index among the inputs reaches outside a tensor.
  std::optional<Error> run(ThreadPool &pool);

  /// After `run`, in the program's order: floats as they are stored, integers
  /// and bool in the written type (sub-byte integers in bytes).
  std::vector<NamedArray> outputs() const;

private:
  explicit ArrayRun(const CpuProgram &program) : program(&program) {}

  const CpuProgram *program;
  std::vector<AlignedBuffer<uint8_t>> inputMemory, outputMemory;
  AlignedBuffer<uint8_t> arena;
};

/// All of it once.
Result<std::vector<NamedArray>> runOnArrays(const CpuProgram &program,
                                            const NamedArrays &inputs,
                                            ThreadPool &pool);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ARRAYRUNNER_H
