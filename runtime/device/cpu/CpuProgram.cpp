//===- CpuProgram.cpp - A MIL function ready to run -----------------------===//
//
// Choosing the function and its sizes; running is filling in addresses.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuProgram.h"

#include "runtime/device/cpu/Compiler.h"
#include "runtime/device/cpu/Constants.h"
#include "runtime/device/cpu/ProgramReader.h"
#include "runtime/mil/Reader.h"
#include "runtime/support/Stopwatch.h"

#include <algorithm>
#include <cassert>

namespace anec::rt::cpu {

size_t CpuProgram::maskedProductCount() const {
  return static_cast<size_t>(
      std::count_if(steps.begin(), steps.end(),
                    [](const Step &step) { return step.isMasked; }));
}

uint8_t *CpuProgram::address(size_t index, const Memory &memory) const {
  int64_t offset = 0;
  while (buffers[index].parent != index) {
    offset += buffers[index].parentOffset;
    index = buffers[index].parent;
  }
  const Buffer &buffer = buffers[index];
  switch (buffer.kind) {
  case BufferKind::Input:
    // Kernels only read their inputs.
    return static_cast<uint8_t *>(
        const_cast<void *>(memory.inputs[buffer.index]));
  case BufferKind::Output:
    return static_cast<uint8_t *>(memory.outputs[buffer.index]) + offset;
  case BufferKind::Constant:
    return constants[buffer.index].data() + offset;
  case BufferKind::Temporary:
    break;
  }
  return memory.temporaries + buffer.arenaOffset + offset;
}

CpuProgram::StepTensors::StepTensors(const Step &step) {
  auto fill = [](const std::vector<ValueRef> &values,
                 std::vector<Tensor> &tensors) {
    for (const ValueRef &value : values)
      static_cast<Layout &>(tensors.emplace_back()) = value.layout;
  };
  fill(step.inputs, inputs);
  fill(step.results, results);
}

std::unique_ptr<CpuProgram::Frame> CpuProgram::takeFrame() const {
  {
    std::lock_guard<std::mutex> lock(framesMutex);
    if (!frames.empty()) {
      std::unique_ptr<Frame> frame = std::move(frames.back());
      frames.pop_back();
      return frame;
    }
  }
  return std::make_unique<Frame>(steps.begin(), steps.end());
}

void CpuProgram::giveBack(std::unique_ptr<Frame> frame) const {
  std::lock_guard<std::mutex> lock(framesMutex);
  frames.push_back(std::move(frame));
}

void CpuProgram::setAddresses(const std::vector<ValueRef> &values,
                              const Memory &memory,
                              std::vector<Tensor> &tensors) const {
  for (size_t i = 0; i < values.size(); ++i) {
    tensors[i].data = address(values[i].buffer, memory);
    tensors[i].data = tensors[i].at(values[i].offset);
  }
}

std::optional<Error> CpuProgram::runStep(const Step &step, const Memory &memory,
                                         StepTensors &tensors, ThreadPool &pool,
                                         RepeatedRight *right) const {
  setAddresses(step.inputs, memory, tensors.inputs);
  setAddresses(step.results, memory, tensors.results);
  if (step.packedConstant)
    tensors.inputs[step.packable->input].packed =
        &packedConstants[*step.packedConstant];
  else if (step.packedPart)
    tensors.inputs[step.packable->input].packed =
        memory.packed.empty() ? nullptr : memory.packed[*step.packedPart];
  std::string error;
  step.kernel(KernelArguments{tensors.inputs, tensors.results, pool, &error,
                              nullptr, right, step.isMasked});
  if (error.empty())
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput, "{}{}{}", step.place,
                   step.place.empty() ? "" : ": ", error);
}

std::optional<Error> CpuProgram::run(
    const std::vector<const void *> &inputs, const std::vector<void *> &outputs,
    AlignedBuffer<uint8_t> &arena, ThreadPool &pool, OperatorTimes *times,
    const std::vector<const PackedMatrix *> &packed) const {
  assert(inputs.size() == inputPorts.size() + borrows.size() &&
         outputs.size() == outputPorts.size() && "wrong number of pointers");
  const Memory memory{inputs, packed, outputs, arena.reserve(arenaSize)};
  std::unique_ptr<Frame> frame = takeFrame();
  std::optional<Error> error;
  RepeatedRight right;
  for (size_t i = 0; i < steps.size() && !error; ++i) {
    std::optional<Stopwatch> watch;
    if (times)
      watch.emplace((*times)[steps[i].op]);
    if (!steps[i].repeatsRight)
      right = RepeatedRight();
    const bool isRepeated = steps[i].repeatsRight ||
                            (i + 1 < steps.size() && steps[i + 1].repeatsRight);
    error = runStep(steps[i], memory, (*frame)[i], pool,
                    isRepeated ? &right : nullptr);
  }
  giveBack(std::move(frame));
  return error;
}

/// Fills in the sizes that the caller knows.
static std::optional<Error> setSizes(const CompileOptions &options,
                                     mil::Function &function) {
  for (mil::TypedName &parameter : function.parameters) {
    auto found = options.inputDims.find(parameter.name);
    if (found == options.inputDims.end())
      continue;
    mil::Type sized = parameter.type;
    sized.dims = found->second;
    if (!mil::sameType(sized, parameter.type))
      return makeError(ErrorCode::InvalidInput,
                       "input '{}': expected {}, found {}", parameter.name,
                       mil::toString(parameter.type), mil::toString(sized));
    parameter.type = sized;
  }
  return std::nullopt;
}

Result<std::unique_ptr<CpuProgram>>
CpuProgram::compile(const ProgramFiles &files, const CompileOptions &options,
                    ThreadPool &pool, std::vector<std::string> *warnings) {
  ANEC_ASSIGN(mil::Program program, mil::read(files.text, files.name));
  ANEC_ASSIGN(const mil::Function *function,
              chooseFunction(program, files.name, options.function));
  mil::Function sized = *function;
  ANEC_TRY(setSizes(options, sized));
  if (options.numerics != Numerics::Ane)
    ANEC_TRY(useExactValues(sized, files));
  Compiler compiler(files, options, pool, warnings);
  ANEC_TRY(compiler.compile(sized));
  return compiler.take();
}

} // namespace anec::rt::cpu
