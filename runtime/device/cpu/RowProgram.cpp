//===- RowProgram.cpp - A plan of rows, ready to run ----------------------===//
//
// Values that are nowhere in memory as they are needed lie in slots, a few of
// which fit the first cache.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/RowProgram.h"

#include <algorithm>

namespace anec::rt::cpu {

constexpr int64_t pieceLength = 1024;

template <typename S>
RowInstruction<S>::RowInstruction(const RowStep &step)
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

template <typename S>
RowProgram<S>::RowProgram(const RowPlan &plan)
    : space(plan.space), values(plan.values) {
  for (const RowStep &step : plan.steps) {
    instructions.emplace_back(step);
    if (step.reduce == RowStep::Reduce::AcrossRows)
      instructions.back().across = acrossCount++;
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

/// Whether one instruction reads a value and nobody else.
template <typename S> bool RowProgram<S>::isOnlyUse(size_t value) const {
  auto uses = [&](const RowInstruction<S> &instruction) {
    return (instruction.x == value) + (instruction.y == value);
  };
  int count = 0;
  for (const RowInstruction<S> &instruction : instructions)
    count += uses(instruction);
  return count == 1 && !values[value].result;
}

/// The largest magnitudes across rows, which tell whether a kernel's numbers
/// were too large, need neither floats nor rows of magnitudes.
template <typename S> void RowProgram<S>::findMagnitudes() {
  const UnaryRow<S> magnitude = findUnaryRow<S>("abs");
  const BinaryRow<float> larger = findBinaryRow<float>("maximum");
  for (RowInstruction<S> &reduction : instructions) {
    if (reduction.across == none || !reduction.reducer->isPlain(larger) ||
        !isOnlyUse(reduction.x))
      continue;
    auto absolute = std::find_if(instructions.begin(), instructions.end(),
                                 [&](const RowInstruction<S> &other) {
                                   return other.value == reduction.x &&
                                          other.unary == magnitude;
                                 });
    if (absolute == instructions.end())
      continue;
    reduction.isMagnitude = true;
    reduction.x = absolute->x;
    // Of no use any more; erasing it here would move what is looked at.
    absolute->x = none;
  }
  instructions.erase(std::remove_if(instructions.begin(), instructions.end(),
                                    [](const RowInstruction<S> &instruction) {
                                      return instruction.x == none;
                                    }),
                     instructions.end());
}

/// Inputs that are no rows in memory keep their slots, so that those which
/// repeat are filled once; computed values give theirs back after their last
/// use.
template <typename S> void RowProgram<S>::assignSlots() {
  slots.assign(values.size(), none);
  std::vector<size_t> lastUse(values.size(), 0), free;
  for (size_t i = 0; i < instructions.size(); ++i) {
    lastUse[instructions[i].x] = i;
    if (instructions[i].y != none)
      lastUse[instructions[i].y] = i;
  }
  for (size_t v = 0; v < values.size(); ++v)
    if (values[v].input && values[v].view.stride != 1)
      slots[v] = slotCount++;
  for (size_t i = 0; i < instructions.size(); ++i) {
    const RowInstruction<S> &instruction = instructions[i];
    for (size_t operand : {instruction.x, instruction.y})
      if (operand != none && !values[operand].input && lastUse[operand] == i &&
          slots[operand] != none &&
          std::find(free.begin(), free.end(), slots[operand]) == free.end())
        free.push_back(slots[operand]);
    const RowValue &value = values[instruction.value];
    const bool isInMemory =
        value.result && !value.perRow && value.view.stride == 1;
    if (isInMemory || instruction.across != none)
      continue;
    if (free.empty())
      free.push_back(slotCount++);
    slots[instruction.value] = free.back();
    free.pop_back();
  }
}

/// Strides are made steps: nothing is multiplied from row to row.
template <typename S> void RowProgram<S>::findSteps() {
  dims = space.outer;
  if (pieces > 1)
    dims.push_back(pieces);
  strides.assign(dims.size(), Dims(values.size(), 0));
  steps = strides;
  for (size_t v = 0; v < values.size(); ++v) {
    const RowValue &value = values[v];
    if (!value.input && !value.result)
      continue;
    int64_t back = 0;
    for (size_t d = dims.size(); d-- > 0;) {
      strides[d][v] = d < space.outer.size() ? value.view.outerStrides[d]
                                             : pieceSize * value.view.stride;
      steps[d][v] = strides[d][v] - back;
      back += (dims[d] - 1) * strides[d][v];
    }
  }
}

/// The row of a value is where its memory is, place `value`, or in its slot,
/// behind those.
template <typename S> void RowProgram<S>::findPlaces() {
  auto placeOf = [&](size_t value) {
    return slots[value] == none ? value : values.size() + value;
  };
  for (size_t v = 0; v < values.size(); ++v) {
    if (values[v].input && slots[v] != none)
      gathered.push_back(v);
    if (values[v].input && !dims.empty() && steps.back()[v] != 0)
      moving.push_back(v);
  }
  for (RowInstruction<S> &instruction : instructions) {
    if (values[instruction.value].result)
      instruction.memory = instruction.value;
    instruction.x = placeOf(instruction.x);
    if (instruction.y != none)
      instruction.y = placeOf(instruction.y);
    instruction.value = placeOf(instruction.value);
  }
}

template <typename S> int64_t RowProgram<S>::lengthOf(int64_t unit) const {
  if (pieces == 1)
    return space.length;
  return std::min(pieceSize, space.length - unit % pieces * pieceSize);
}

template struct RowInstruction<half>;
template struct RowInstruction<float>;
template class RowProgram<half>;
template class RowProgram<float>;

} // namespace anec::rt::cpu
