//===- RowGroup.cpp - Computes a plan of rows -----------------------------===//
//
// Rows, or pieces of long ones, are spread over the pool in tasks that depend
// on the sizes only. Values that are nowhere in memory as they are needed lie
// in slots, a few of which fit the first cache.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/RowGroup.h"

#include "runtime/device/cpu/Reducer.h"
#include "runtime/device/cpu/Rows.h"
#include "runtime/device/cpu/Softmax.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cstring>

namespace anec::rt::cpu {

namespace {

constexpr int64_t pieceLength = 1024;
/// Elements of each value that are worth handing to another thread.
constexpr int64_t elementsPerTask = 16384;
constexpr size_t none = ~size_t(0);

/// Compilers would store halves one by one.
template <typename S> void repeat(S number, S *row, int64_t count) {
  constexpr int64_t few = 16;
  int64_t done = std::min(few, count);
  for (int64_t i = 0; i < done; ++i)
    row[i] = number;
  for (int64_t more; done < count; done += more) {
    more = std::min(done, count - done);
    std::memcpy(row + done, row, static_cast<size_t>(more) * sizeof(S));
  }
}

/// One operation with its functions looked up. S is half or float.
template <typename S> struct Operation {
  explicit Operation(const RowStep &step)
      : kind(step.operation.kind), reduce(step.reduce), x(step.operands[0]),
        value(step.value), alpha(static_cast<float>(step.operation.alpha)),
        beta(static_cast<float>(step.operation.beta)) {
    if (kind == RowOperation::Kind::Unary)
      unary = findUnaryRow<S>(step.operation.function);
    if (kind == RowOperation::Kind::Binary) {
      binary = findBinaryRow<S>(step.operation.function);
      y = step.operands[1];
    }
    if (kind == RowOperation::Kind::Reduction) {
      reducer = Reducer<float>(*findRecipe(step.operation.function));
      isSum = reducer->isPlain(findBinaryRow<float>("add"));
    }
  }

  RowOperation::Kind kind;
  RowStep::Reduce reduce;
  size_t x, y = none, value;
  float alpha, beta;
  UnaryRow<S> unary = nullptr;
  BinaryRow<S> binary = nullptr;
  std::optional<Reducer<float>> reducer;
  /// Among the reductions across rows.
  size_t across = none;
  /// Adds up the elements as they are.
  bool isSum = false;
  /// Reduces the magnitudes of x, which are halves, to their maximum.
  bool isMagnitude = false;
};

/// The plan, ready to run.
template <typename S> class RowGroup {
public:
  explicit RowGroup(const RowPlan &plan);
  void run(const KernelArguments &arguments) const;

private:
  class Worker;
  bool isOnlyUse(size_t value) const;
  void findMagnitudes();
  void assignSlots();
  void finish(const Operation<S> &operation, const float *partial,
              int64_t tasks, const KernelArguments &arguments) const;

  RowSpace space;
  std::vector<RowValue> values;
  std::vector<Operation<S>> operations;
  size_t acrossCount = 0;
  /// Slots by value, and how many there are.
  std::vector<size_t> slots;
  size_t slotCount = 0;
  int64_t pieces, pieceSize;
};

template <typename S>
RowGroup<S>::RowGroup(const RowPlan &plan)
    : space(plan.space), values(plan.values) {
  for (const RowStep &step : plan.steps) {
    operations.emplace_back(step);
    if (step.reduce == RowStep::Reduce::AcrossRows)
      operations.back().across = acrossCount++;
  }
  pieces = space.wholeRows ? 1 : (space.length + pieceLength - 1) / pieceLength;
  pieceSize =
      space.wholeRows ? space.length : std::min(space.length, pieceLength);
  if constexpr (std::is_same_v<S, half>)
    findMagnitudes();
  assignSlots();
}

/// Whether one operation reads a value and nobody else.
template <typename S> bool RowGroup<S>::isOnlyUse(size_t value) const {
  auto uses = [&](const Operation<S> &operation) {
    return (operation.x == value) + (operation.y == value);
  };
  int count = 0;
  for (const Operation<S> &operation : operations)
    count += uses(operation);
  return count == 1 && !values[value].result;
}

/// The largest magnitudes across rows, which tell whether a kernel's numbers
/// were too large, need neither floats nor rows of magnitudes.
template <typename S> void RowGroup<S>::findMagnitudes() {
  const UnaryRow<S> magnitude = findUnaryRow<S>("abs");
  const BinaryRow<float> larger = findBinaryRow<float>("maximum");
  for (Operation<S> &reduction : operations) {
    if (reduction.across == none || !reduction.reducer->isPlain(larger) ||
        !isOnlyUse(reduction.x))
      continue;
    auto absolute = std::find_if(
        operations.begin(), operations.end(), [&](const Operation<S> &other) {
          return other.value == reduction.x && other.unary == magnitude;
        });
    if (absolute == operations.end())
      continue;
    reduction.isMagnitude = true;
    reduction.x = absolute->x;
    // Of no use any more; erasing it here would move what is looked at.
    absolute->x = none;
  }
  operations.erase(std::remove_if(operations.begin(), operations.end(),
                                  [](const Operation<S> &operation) {
                                    return operation.x == none;
                                  }),
                   operations.end());
}

/// Inputs that are no rows in memory keep their slots, so that those which
/// repeat are filled once; computed values give theirs back after their last
/// use.
template <typename S> void RowGroup<S>::assignSlots() {
  slots.assign(values.size(), none);
  std::vector<size_t> lastUse(values.size(), 0), free;
  for (size_t i = 0; i < operations.size(); ++i) {
    lastUse[operations[i].x] = i;
    if (operations[i].y != none)
      lastUse[operations[i].y] = i;
  }
  for (size_t v = 0; v < values.size(); ++v)
    if (values[v].input && values[v].view.stride != 1)
      slots[v] = slotCount++;
  for (size_t i = 0; i < operations.size(); ++i) {
    const Operation<S> &operation = operations[i];
    for (size_t operand : {operation.x, operation.y})
      if (operand != none && !values[operand].input && lastUse[operand] == i &&
          slots[operand] != none &&
          std::find(free.begin(), free.end(), slots[operand]) == free.end())
        free.push_back(slots[operand]);
    const RowValue &value = values[operation.value];
    const bool isInMemory =
        value.result && !value.perRow && value.view.stride == 1;
    if (isInMemory || operation.across != none)
      continue;
    if (free.empty())
      free.push_back(slotCount++);
    slots[operation.value] = free.back();
    free.pop_back();
  }
}

/// Computes some rows on one thread.
template <typename S> class RowGroup<S>::Worker {
public:
  Worker(const RowGroup &group, const KernelArguments &arguments,
         float *partial)
      : group(group), arguments(arguments), partial(partial),
        rows(group.values.size()), filledFrom(group.values.size(), nullptr),
        index(group.space.outer.size(), 0), offsets(group.values.size(), 0) {
    static thread_local AlignedBuffer<S> slotMemory;
    static thread_local AlignedBuffer<float> wideMemory;
    static thread_local AlignedBuffer<half> magnitudeMemory;
    const int64_t stride = (group.pieceSize + 63) / 64 * 64;
    slots = slotMemory.reserve(stride * static_cast<int64_t>(group.slotCount));
    slotStride = stride;
    wide = wideMemory.reserve(2 * stride);
    const int64_t count = stride * static_cast<int64_t>(group.acrossCount);
    magnitudes = magnitudeMemory.reserve(count);
    repeat(half(0), magnitudes, count);
  }

  /// Units are pieces of rows.
  void run(int64_t begin, int64_t end) {
    moveTo(begin / group.pieces);
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t piece = unit % group.pieces;
      first = piece * group.pieceSize;
      count = std::min(group.pieceSize, group.space.length - first);
      for (size_t v = 0; v < group.values.size(); ++v)
        if (group.values[v].input)
          load(v);
      for (const Operation<S> &operation : group.operations)
        compute(operation);
      if (piece + 1 == group.pieces)
        advance();
    }
    for (const Operation<S> &operation : group.operations)
      if (operation.isMagnitude)
        addMagnitudes(operation);
  }

private:
  void moveTo(int64_t row) {
    for (size_t d = index.size(); d-- > 0;) {
      index[d] = row % group.space.outer[d];
      row /= group.space.outer[d];
      for (size_t v = 0; v < offsets.size(); ++v)
        offsets[v] += index[d] * group.values[v].view.outerStrides[d];
    }
  }

  void advance() {
    for (size_t d = index.size(); d-- > 0;) {
      const int64_t size = group.space.outer[d];
      const bool wraps = ++index[d] == size;
      const int64_t steps = wraps ? 1 - size : 1;
      for (size_t v = 0; v < offsets.size(); ++v)
        offsets[v] += steps * group.values[v].view.outerStrides[d];
      if (!wraps)
        return;
      index[d] = 0;
    }
  }

  S *slotOf(size_t v) const {
    return slots + slotStride * static_cast<int64_t>(group.slots[v]);
  }
  S *memoryOf(const Tensor &tensor, size_t v) const {
    return static_cast<S *>(tensor.data) + offsets[v] +
           first * group.values[v].view.stride;
  }

  /// Makes an input a row.
  void load(size_t v) {
    const RowValue &value = group.values[v];
    const S *memory = memoryOf(arguments.inputs[*value.input], v);
    if (value.view.stride == 1) {
      rows[v] = memory;
      return;
    }
    S *slot = slotOf(v);
    rows[v] = slot;
    if (value.view.stride != 0) {
      for (int64_t i = 0; i < count; ++i)
        slot[i] = memory[i * value.view.stride];
      return;
    }
    if (filledFrom[v] == memory)
      return;
    repeat(*memory, slot, group.pieceSize);
    filledFrom[v] = memory;
  }

  /// The row as floats.
  const float *widened(const S *row) const {
    if constexpr (std::is_same_v<S, float>)
      return row;
    else
      return loadRow<float>(Storage::F16, row, 1, count, wide);
  }

  void compute(const Operation<S> &operation) {
    if (operation.reduce != RowStep::Reduce::No)
      return reduce(operation);
    const RowValue &value = group.values[operation.value];
    const bool hasSlot = group.slots[operation.value] != none;
    S *memory = value.result ? memoryOf(arguments.results[*value.result],
                                        operation.value)
                             : nullptr;
    S *target = hasSlot ? slotOf(operation.value) : memory;
    const S *x = rows[operation.x];
    switch (operation.kind) {
    case RowOperation::Kind::Unary:
      operation.unary(x, target, count, operation.alpha, operation.beta);
      break;
    case RowOperation::Kind::Binary:
      operation.binary(x, rows[operation.y], target, count);
      break;
    case RowOperation::Kind::Softmax:
      softmaxRow(widened(x), wide, count);
      storeRow(wide, storage, target, 1, count);
      break;
    case RowOperation::Kind::Copy:
    case RowOperation::Kind::Reduction:
      if (target != x)
        std::copy_n(x, count, target);
      break;
    }
    rows[operation.value] = target;
    if (memory && target != memory)
      for (int64_t i = 0; i < count; ++i)
        memory[i * value.view.stride] = target[i];
  }

  half *magnitudesOf(const Operation<S> &operation) const {
    return magnitudes + static_cast<int64_t>(operation.across) * slotStride;
  }

  float *partialOf(const Operation<S> &operation) const {
    return partial + static_cast<int64_t>(operation.across) * count;
  }

  void addMagnitudes(const Operation<S> &operation) {
    const float *row =
        loadRow<float>(Storage::F16, magnitudesOf(operation), 1, count, wide);
    operation.reducer->combineRows(row, partialOf(operation), count);
  }

  void reduce(const Operation<S> &operation) {
    const bool isAcross = operation.across != none;
    if constexpr (std::is_same_v<S, half>) {
      if (operation.isMagnitude)
        return foldMagnitudes(rows[operation.x], magnitudesOf(operation),
                              count);
      if (isAcross && operation.isSum)
        return addHalves(rows[operation.x], partialOf(operation), count);
    }
    const float *row = widened(rows[operation.x]);
    float *scratch = wide + slotStride;
    if (isAcross) {
      operation.reducer->addRow(row, partialOf(operation), count, scratch);
      return;
    }
    const float sum = operation.reducer->finish(
        operation.reducer->fold(row, count, scratch), count);
    const S rounded = static_cast<S>(sum);
    const RowValue &value = group.values[operation.value];
    if (value.result)
      *memoryOf(arguments.results[*value.result], operation.value) = rounded;
    S *slot = slotOf(operation.value);
    repeat(rounded, slot, count);
    rows[operation.value] = slot;
  }

  static constexpr Storage storage =
      sizeof(S) == 2 ? Storage::F16 : Storage::F32;
  const RowGroup &group;
  const KernelArguments &arguments;
  /// Of this task; one row for each reduction across rows.
  float *partial;
  std::vector<const S *> rows;
  /// What slots of inputs that repeat one element were filled from.
  std::vector<const S *> filledFrom;
  Dims index, offsets;
  S *slots;
  int64_t slotStride;
  float *wide;
  /// A row for each reduction across rows.
  half *magnitudes;
  int64_t first = 0, count = 0;
};

/// Adds the tasks' parts in their order.
template <typename S>
void RowGroup<S>::finish(const Operation<S> &operation, const float *partial,
                         int64_t tasks,
                         const KernelArguments &arguments) const {
  const int64_t length = space.length;
  const auto across = static_cast<int64_t>(operation.across);
  const auto parts = static_cast<int64_t>(acrossCount);
  std::vector<float> sums(partial + across * length,
                          partial + (across + 1) * length);
  for (int64_t task = 1; task < tasks; ++task)
    operation.reducer->combineRows(partial + (task * parts + across) * length,
                                   sums.data(), length);
  for (float &sum : sums)
    sum = operation.reducer->finish(sum, space.count());
  const Tensor &result = arguments.results[*values[operation.value].result];
  storeRow(sums.data(), result.storage, result.data, 1, length);
}

template <typename S>
void RowGroup<S>::run(const KernelArguments &arguments) const {
  const int64_t units = space.count() * pieces;
  const int64_t unitsPerTask =
      acrossCount > 0
          ? rowsPerPart(space.length) * pieces
          : std::max<int64_t>(1, elementsPerTask /
                                     std::max<int64_t>(1, pieceSize));
  const int64_t tasks = (units + unitsPerTask - 1) / unitsPerTask;
  const int64_t perTask = static_cast<int64_t>(acrossCount) * space.length;
  static thread_local AlignedBuffer<float> partialMemory;
  float *partial = partialMemory.reserve(tasks * perTask);
  for (const Operation<S> &operation : operations)
    for (int64_t task = 0; operation.across != none && task < tasks; ++task)
      std::fill_n(partial + task * perTask +
                      static_cast<int64_t>(operation.across) * space.length,
                  space.length, operation.reducer->neutral());
  arguments.pool.parallelTiles(
      units, unitsPerTask, [&](int64_t begin, int64_t end) {
        float *part = partial + begin / unitsPerTask * perTask;
        Worker(*this, arguments, part).run(begin, end);
      });
  for (const Operation<S> &operation : operations)
    if (operation.across != none)
      finish(operation, partial, tasks, arguments);
}

} // namespace

Kernel rowGroup(const RowPlan &plan) {
  if (plan.storage == Storage::F16)
    return [group = RowGroup<half>(plan)](const KernelArguments &arguments) {
      group.run(arguments);
    };
  return [group = RowGroup<float>(plan)](const KernelArguments &arguments) {
    group.run(arguments);
  };
}

} // namespace anec::rt::cpu
