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
#include "runtime/support/PrefetchMemory.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/vector/SoftmaxRow.h"

#include <algorithm>
#include <cstring>

namespace anec::rt::cpu {

namespace {

constexpr int64_t pieceLength = 1024;
/// Elements of each value that are worth handing to another thread.
constexpr int64_t elementsPerTask = 16384;
/// Units before which their inputs are asked for.
constexpr int64_t unitsAhead = 3;
constexpr size_t none = ~size_t(0);

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
  /// Values, and when the plan is ready the places of their rows.
  size_t x, y = none, value;
  /// The place of a result in memory that is not the row's.
  size_t memory = none;
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
  void findSteps();
  void findPlaces();
  int64_t lengthOf(int64_t unit) const;
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
  /// Rows and, where there are several, their pieces.
  Dims dims;
  /// By dimension and value: elements to the next unit when the index moves in
  /// that dimension and begins anew in those behind it.
  std::vector<Dims> steps;
  /// Inputs that come into their slots from elsewhere, and those that are not
  /// the same for all units.
  std::vector<size_t> gathered, moving;
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
  findSteps();
  findPlaces();
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

/// Strides are made steps: nothing is multiplied from row to row.
template <typename S> void RowGroup<S>::findSteps() {
  dims = space.outer;
  if (pieces > 1)
    dims.push_back(pieces);
  steps.assign(dims.size(), Dims(values.size(), 0));
  for (size_t v = 0; v < values.size(); ++v) {
    Dims strides = values[v].view.outerStrides;
    if (pieces > 1)
      strides.push_back(pieceSize * values[v].view.stride);
    int64_t back = 0;
    for (size_t d = dims.size(); d-- > 0;) {
      steps[d][v] = strides[d] - back;
      back += (dims[d] - 1) * strides[d];
    }
  }
}

/// The row of a value is where its memory is, place `value`, or in its slot,
/// behind those.
template <typename S> void RowGroup<S>::findPlaces() {
  auto placeOf = [&](size_t value) {
    return slots[value] == none ? value : values.size() + value;
  };
  for (size_t v = 0; v < values.size(); ++v) {
    if (values[v].input && slots[v] != none)
      gathered.push_back(v);
    if (values[v].input && !dims.empty() && steps.back()[v] != 0)
      moving.push_back(v);
  }
  for (Operation<S> &operation : operations) {
    if (values[operation.value].result)
      operation.memory = operation.value;
    operation.x = placeOf(operation.x);
    if (operation.y != none)
      operation.y = placeOf(operation.y);
    operation.value = placeOf(operation.value);
  }
}

template <typename S> int64_t RowGroup<S>::lengthOf(int64_t unit) const {
  if (pieces == 1)
    return space.length;
  return std::min(pieceSize, space.length - unit % pieces * pieceSize);
}

/// Computes some rows on one thread.
template <typename S> class RowGroup<S>::Worker {
public:
  Worker(const RowGroup &group, const KernelArguments &arguments,
         float *partial)
      : group(group), partial(partial), places(2 * group.values.size()),
        filledFrom(group.values.size(), nullptr), index(group.dims.size(), 0) {
    static thread_local AlignedBuffer<S> slotMemory;
    static thread_local AlignedBuffer<float> wideMemory;
    static thread_local AlignedBuffer<half> magnitudeMemory;
    const int64_t stride = (group.pieceSize + 63) / 64 * 64;
    S *slots =
        slotMemory.reserve(stride * static_cast<int64_t>(group.slotCount));
    wide = wideMemory.reserve(2 * stride);
    scratch = wide + stride;
    const int64_t size = stride * static_cast<int64_t>(group.acrossCount);
    magnitudes = magnitudeMemory.reserve(size);
    magnitudeStride = stride;
    repeat(half(0), magnitudes, size);
    for (size_t v = 0; v < group.values.size(); ++v) {
      const RowValue &value = group.values[v];
      if (value.input || value.result)
        places[v] =
            static_cast<S *>((value.input ? arguments.inputs[*value.input]
                                          : arguments.results[*value.result])
                                 .data);
      if (group.slots[v] != none)
        places[group.values.size() + v] =
            slots + stride * static_cast<int64_t>(group.slots[v]);
    }
  }

  /// Units are pieces of rows.
  void run(int64_t begin, int64_t end) {
    for (const Operation<S> &operation : group.operations)
      if (operation.across != none)
        repeat(operation.reducer->neutral(), partialOf(operation),
               group.space.length);
    moveTo(begin);
    for (int64_t unit = begin; unit < end; ++unit) {
      count = group.lengthOf(unit);
      for (size_t v : group.moving)
        askAhead(v);
      for (size_t v : group.gathered)
        gather(v);
      for (const Operation<S> &operation : group.operations)
        compute(operation);
      advance();
    }
    for (const Operation<S> &operation : group.operations)
      if (operation.isMagnitude)
        addMagnitudes(operation);
  }

private:
  void moveTo(int64_t unit) {
    for (size_t d = index.size(); d-- > 0;) {
      index[d] = unit % group.dims[d];
      unit /= group.dims[d];
      for (size_t v = 0; v < group.values.size(); ++v)
        places[v] += index[d] * strideOf(d, v);
    }
  }

  int64_t strideOf(size_t dim, size_t v) const {
    const RowView &view = group.values[v].view;
    return dim < view.outerStrides.size() ? view.outerStrides[dim]
                                          : group.pieceSize * view.stride;
  }

  void advance() {
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < group.dims[d]) {
        const Dims &steps = group.steps[d];
        for (size_t v = 0; v < steps.size(); ++v)
          places[v] += steps[v];
        return;
      }
      index[d] = 0;
    }
  }

  /// Asks for what a later unit reads: rows of surfaces are pages apart.
  void askAhead(size_t v) const {
    const S *later = places[v] + unitsAhead * group.steps.back()[v];
    prefetch(later, group.values[v].view.stride == 1 ? count : 1);
  }

  /// Makes an input a row.
  void gather(size_t v) {
    const int64_t stride = group.values[v].view.stride;
    const S *memory = places[v];
    S *slot = places[group.values.size() + v];
    if (stride != 0) {
      for (int64_t i = 0; i < count; ++i)
        slot[i] = memory[i * stride];
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
    S *target = places[operation.value];
    const S *x = places[operation.x];
    switch (operation.kind) {
    case RowOperation::Kind::Unary:
      operation.unary(x, target, count, operation.alpha, operation.beta);
      break;
    case RowOperation::Kind::Binary:
      operation.binary(x, places[operation.y], target, count);
      break;
    case RowOperation::Kind::Softmax:
      if constexpr (std::is_same_v<S, half>) {
        rt::softmaxRow(x, target, wide, count);
      } else {
        softmaxRow(x, wide, count);
        std::copy_n(wide, count, target);
      }
      break;
    case RowOperation::Kind::Copy:
    case RowOperation::Kind::Reduction:
      if (target != x)
        std::copy_n(x, count, target);
      break;
    }
    if (operation.memory != none && operation.memory != operation.value)
      scatter(target, operation.memory);
  }

  void scatter(const S *row, size_t v) {
    const int64_t stride = group.values[v].view.stride;
    for (int64_t i = 0; i < count; ++i)
      places[v][i * stride] = row[i];
  }

  half *magnitudesOf(const Operation<S> &operation) const {
    return magnitudes +
           static_cast<int64_t>(operation.across) * magnitudeStride;
  }

  float *partialOf(const Operation<S> &operation) const {
    return partial +
           static_cast<int64_t>(operation.across) * group.space.length;
  }

  void addMagnitudes(const Operation<S> &operation) {
    const float *row =
        loadRow<float>(Storage::F16, magnitudesOf(operation), 1, count, wide);
    operation.reducer->combineRows(row, partialOf(operation), count);
  }

  void reduce(const Operation<S> &operation) {
    const S *x = places[operation.x];
    const bool isAcross = operation.across != none;
    if constexpr (std::is_same_v<S, half>) {
      if (operation.isMagnitude)
        return foldMagnitudes(x, magnitudesOf(operation), count);
      if (isAcross && operation.isSum)
        return addHalves(x, partialOf(operation), count);
    }
    const float *row = widened(x);
    if (isAcross)
      return operation.reducer->addRow(row, partialOf(operation), count,
                                       scratch);
    const float sum = operation.reducer->finish(
        operation.reducer->fold(row, count, scratch), count);
    const S rounded = static_cast<S>(sum);
    if (operation.memory != none)
      *places[operation.memory] = rounded;
    repeat(rounded, places[operation.value], count);
  }

  static constexpr Storage storage =
      sizeof(S) == 2 ? Storage::F16 : Storage::F32;
  const RowGroup &group;
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
