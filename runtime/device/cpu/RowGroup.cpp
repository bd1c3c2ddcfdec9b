//===- RowGroup.cpp - Computes a plan of rows -----------------------------===//
//
// Units are spread over the pool in tasks that depend on the sizes only.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/RowGroup.h"

#include "runtime/device/cpu/RowProgram.h"
#include "runtime/device/cpu/Rows.h"
#include "runtime/device/cpu/Softmax.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/PrefetchMemory.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/vector/SoftmaxRow.h"

#include <algorithm>
#include <cstring>

namespace anec::rt::cpu {

namespace {

/// Elements of each value that are worth handing to another thread.
constexpr int64_t elementsPerTask = 16384;
/// Units before which their inputs are asked for.
constexpr int64_t unitsAhead = 3;

/// Compilers would store halves one by one; a block of them stays in registers.
template <typename S> void repeat(S number, S *row, int64_t count) {
  constexpr auto blockLength = static_cast<int64_t>(64 / sizeof(S));
  S block[blockLength];
  std::fill_n(block, blockLength, number);
  int64_t i = 0;
  for (; i + blockLength <= count; i += blockLength)
    std::memcpy(row + i, block, sizeof(block));
  std::copy_n(block, count - i, row + i);
}

/// Computes some rows on one thread.
template <typename S> class Worker {
public:
  Worker(const RowProgram<S> &program, const KernelArguments &arguments,
         float *partial)
      : program(program), partial(partial), places(2 * program.values.size()),
        filledFrom(program.values.size(), nullptr),
        index(program.dims.size(), 0) {
    static thread_local AlignedBuffer<S> slotMemory;
    static thread_local AlignedBuffer<float> wideMemory;
    static thread_local AlignedBuffer<half> magnitudeMemory;
    const int64_t stride = (program.pieceSize + 63) / 64 * 64;
    S *slots =
        slotMemory.reserve(stride * static_cast<int64_t>(program.slotCount));
    wide = wideMemory.reserve(2 * stride);
    scratch = wide + stride;
    const int64_t size = stride * static_cast<int64_t>(program.acrossCount);
    magnitudes = magnitudeMemory.reserve(size);
    magnitudeStride = stride;
    repeat(half(0), magnitudes, size);
    for (size_t v = 0; v < program.values.size(); ++v) {
      const RowValue &value = program.values[v];
      if (value.input || value.result)
        places[v] =
            static_cast<S *>((value.input ? arguments.inputs[*value.input]
                                          : arguments.results[*value.result])
                                 .data);
      if (program.slots[v] != none)
        places[program.values.size() + v] =
            slots + stride * static_cast<int64_t>(program.slots[v]);
    }
  }

  /// Units are pieces of rows.
  void run(int64_t begin, int64_t end) {
    for (const RowInstruction<S> &instruction : program.instructions)
      if (instruction.across != none)
        repeat(instruction.reducer->neutral(), partialOf(instruction),
               program.space.length);
    moveTo(begin);
    for (int64_t unit = begin; unit < end; ++unit) {
      count = program.lengthOf(unit);
      for (size_t v : program.moving)
        askAhead(v);
      for (size_t v : program.gathered)
        gather(v);
      for (const RowInstruction<S> &instruction : program.instructions)
        compute(instruction);
      advance();
    }
    for (const RowInstruction<S> &instruction : program.instructions)
      if (instruction.isMagnitude)
        addMagnitudes(instruction);
  }

private:
  static constexpr size_t none = RowInstruction<S>::none;

  void moveTo(int64_t unit) {
    for (size_t d = index.size(); d-- > 0;) {
      index[d] = unit % program.dims[d];
      unit /= program.dims[d];
      for (size_t v = 0; v < program.values.size(); ++v)
        places[v] += index[d] * program.strides[d][v];
    }
  }

  void advance() {
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < program.dims[d]) {
        const Dims &steps = program.steps[d];
        for (size_t v = 0; v < steps.size(); ++v)
          places[v] += steps[v];
        return;
      }
      index[d] = 0;
    }
  }

  /// Asks for what a later unit reads: rows of surfaces are pages apart.
  void askAhead(size_t v) const {
    const S *later = places[v] + unitsAhead * program.steps.back()[v];
    prefetch(later, program.values[v].view.stride == 1 ? count : 1);
  }

  /// Makes an input a row.
  void gather(size_t v) {
    const int64_t stride = program.values[v].view.stride;
    const S *memory = places[v];
    S *slot = places[program.values.size() + v];
    if (stride != 0) {
      for (int64_t i = 0; i < count; ++i)
        slot[i] = memory[i * stride];
      return;
    }
    if (filledFrom[v] == memory)
      return;
    repeat(*memory, slot, program.pieceSize);
    filledFrom[v] = memory;
  }

  /// The row as floats.
  const float *widened(const S *row) const {
    if constexpr (std::is_same_v<S, float>)
      return row;
    else
      return loadRow<float>(Storage::F16, row, 1, count, wide);
  }

  void compute(const RowInstruction<S> &instruction) {
    if (instruction.reduce != RowStep::Reduce::No)
      return reduce(instruction);
    S *target = places[instruction.value];
    const S *x = places[instruction.x];
    switch (instruction.kind) {
    case RowOperation::Kind::Unary:
      instruction.unary(x, target, count, instruction.alpha, instruction.beta);
      break;
    case RowOperation::Kind::Binary:
      instruction.binary(x, places[instruction.y], target, count);
      break;
    case RowOperation::Kind::Softmax:
      if constexpr (std::is_same_v<S, half>)
        rt::softmaxRow(x, target, wide, count);
      else
        softmaxRow(x, target, count);
      break;
    case RowOperation::Kind::Copy:
    case RowOperation::Kind::Reduction:
      if (target != x)
        std::copy_n(x, count, target);
      break;
    }
    if (instruction.memory != none && instruction.memory != instruction.value)
      scatter(target, instruction.memory);
  }

  void scatter(const S *row, size_t v) {
    const int64_t stride = program.values[v].view.stride;
    for (int64_t i = 0; i < count; ++i)
      places[v][i * stride] = row[i];
  }

  half *magnitudesOf(const RowInstruction<S> &instruction) const {
    return magnitudes +
           static_cast<int64_t>(instruction.across) * magnitudeStride;
  }

  float *partialOf(const RowInstruction<S> &instruction) const {
    return partial +
           static_cast<int64_t>(instruction.across) * program.space.length;
  }

  void addMagnitudes(const RowInstruction<S> &instruction) {
    const float *row =
        loadRow<float>(Storage::F16, magnitudesOf(instruction), 1, count, wide);
    instruction.reducer->combineRows(row, partialOf(instruction), count);
  }

  void reduce(const RowInstruction<S> &instruction) {
    const S *x = places[instruction.x];
    const bool isAcross = instruction.across != none;
    if constexpr (std::is_same_v<S, half>) {
      if (instruction.isMagnitude)
        return foldMagnitudes(x, magnitudesOf(instruction), count);
      if (isAcross && instruction.isSum)
        return addHalves(x, partialOf(instruction), count);
    }
    const float *row = widened(x);
    if (isAcross)
      return instruction.reducer->addRow(row, partialOf(instruction), count,
                                         scratch);
    const float sum = instruction.reducer->finish(
        instruction.reducer->fold(row, count, scratch), count);
    const S rounded = static_cast<S>(sum);
    if (instruction.memory != none)
      *places[instruction.memory] = rounded;
    repeat(rounded, places[instruction.value], count);
  }

  const RowProgram<S> &program;
  /// Of this task; one row for each reduction across rows.
  float *partial;
  /// Where the values of this unit are in memory, and behind them their slots.
  std::vector<S *> places;
  /// What slots of inputs that repeat one element were filled from.
  std::vector<const S *> filledFrom;
  Dims index;
  float *wide, *scratch;
  /// A row for each reduction across rows.
  half *magnitudes;
  int64_t magnitudeStride, count = 0;
};

/// Adds the tasks' parts in their order.
template <typename S>
void finish(const RowProgram<S> &program, const RowInstruction<S> &instruction,
            const float *partial, int64_t tasks,
            const KernelArguments &arguments) {
  const int64_t length = program.space.length;
  const auto across = static_cast<int64_t>(instruction.across);
  const auto parts = static_cast<int64_t>(program.acrossCount);
  std::vector<float> sums(partial + across * length,
                          partial + (across + 1) * length);
  for (int64_t task = 1; task < tasks; ++task)
    instruction.reducer->combineRows(partial + (task * parts + across) * length,
                                     sums.data(), length);
  for (float &sum : sums)
    sum = instruction.reducer->finish(sum, program.space.count());
  const RowValue &value = program.values[instruction.memory];
  const Tensor &result = arguments.results[*value.result];
  storeRow(sums.data(), result.storage, result.data, 1, length);
}

template <typename S>
void run(const RowProgram<S> &program, const KernelArguments &arguments) {
  const int64_t units = program.unitCount();
  const int64_t perUnit = std::max<int64_t>(1, program.pieceSize);
  const int64_t unitsPerTask =
      program.acrossCount > 0 ? rowsPerPart(program.space.length)
                              : std::max<int64_t>(1, elementsPerTask / perUnit);
  const int64_t tasks = (units + unitsPerTask - 1) / unitsPerTask;
  const int64_t perTask =
      static_cast<int64_t>(program.acrossCount) * program.space.length;
  static thread_local AlignedBuffer<float> partialMemory;
  float *partial = partialMemory.reserve(tasks * perTask);
  arguments.pool.parallelTiles(
      units, unitsPerTask, [&](int64_t begin, int64_t end) {
        float *part = partial + begin / unitsPerTask * perTask;
        Worker<S>(program, arguments, part).run(begin, end);
      });
  for (const RowInstruction<S> &instruction : program.instructions)
    if (instruction.across != RowInstruction<S>::none)
      finish(program, instruction, partial, tasks, arguments);
}

template <typename S> Kernel kernelOf(const RowPlan &plan) {
  return [program = RowProgram<S>(plan)](const KernelArguments &arguments) {
    run(program, arguments);
  };
}

} // namespace

Kernel rowGroup(const RowPlan &plan) {
  return plan.storage == Storage::F16 ? kernelOf<half>(plan)
                                      : kernelOf<float>(plan);
}

} // namespace anec::rt::cpu
