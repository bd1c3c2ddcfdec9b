//===- RowPlan.cpp - Several operators over the same rows -----------------===//
//
// Shapes are cut where any of them has a dimension, so that each operand is a
// view of the common dimensions; the fastest of them that are evenly spaced in
// every view become the row.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/RowPlan.h"

#include "runtime/device/cpu/MemoryPlan.h"

#include <algorithm>
#include <map>
#include <set>

namespace anec::rt::cpu {

namespace {

/// Numbers of elements behind which a new dimension begins.
using Cuts = std::set<int64_t>;

void addCuts(const Dims &dims, Cuts &cuts) {
  int64_t elements = 1;
  for (size_t i = dims.size(); i-- > 0;)
    cuts.insert(elements *= dims[i]);
  cuts.erase(1);
}

/// The dimensions between the cuts; nothing when they do not divide each other.
std::optional<Dims> dimsOf(const Cuts &cuts) {
  Dims dims;
  int64_t before = 1;
  for (int64_t cut : cuts) {
    if (cut % before != 0)
      return std::nullopt;
    dims.push_back(cut / before);
    before = cut;
  }
  std::reverse(dims.begin(), dims.end());
  return dims;
}

/// Strides over finer dimensions of the same elements.
Dims splitStrides(const Dims &dims, const Dims &strides, const Dims &fine) {
  Dims result(fine.size());
  size_t i = dims.size();
  int64_t behind = 1, fineBehind = 1;
  for (size_t f = fine.size(); f-- > 0; fineBehind *= fine[f]) {
    // The dimension that holds this one; sizes of 1 hold nothing.
    while (i > 0 && (dims[i - 1] == 1 || behind * dims[i - 1] <= fineBehind))
      behind *= dims[--i];
    result[f] = strides[i - 1] * (fineBehind / behind);
  }
  return result;
}

/// Reduced dimensions at one end of a shape, sizes of 1 left out.
struct ReducedEnd {
  RowStep::Reduce kind;
  int64_t rowLength;
};

std::optional<ReducedEnd> reducedEnd(const Dims &dims, const Dims &axes) {
  std::vector<bool> reduced;
  int64_t reducedElements = 1, total = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    total *= dims[i];
    if (dims[i] == 1)
      continue;
    reduced.push_back(std::find(axes.begin(), axes.end(),
                                static_cast<int64_t>(i)) != axes.end());
    if (reduced.back())
      reducedElements *= dims[i];
  }
  if (reducedElements == 1)
    return std::nullopt;
  const bool atEnd = std::is_sorted(reduced.begin(), reduced.end());
  if (atEnd)
    return ReducedEnd{RowStep::Reduce::AlongRow, reducedElements};
  if (std::is_sorted(reduced.rbegin(), reduced.rend()))
    return ReducedEnd{RowStep::Reduce::AcrossRows, total / reducedElements};
  return std::nullopt;
}

/// Builds one plan.
class Planner {
public:
  Planner(const std::vector<Buffer> &buffers,
          const std::vector<const Step *> &steps,
          const std::function<bool(const Step &)> &isRead)
      : buffers(buffers), steps(steps), isRead(isRead) {}

  std::optional<RowPlan> plan();

private:
  /// The shape that a step goes through.
  static const Dims &shapeOf(const Step &step) {
    const RowOperation::Kind kind = step.rows->kind;
    const bool byInput = kind == RowOperation::Kind::Reduction ||
                         kind == RowOperation::Kind::Softmax;
    return byInput ? step.inputs[0].layout.dims : step.results[0].layout.dims;
  }
  bool haveOneStorage();
  bool findDims();
  bool requireRow(int64_t length);
  bool addStep(const Step &step);
  std::optional<size_t> operandOf(const Step &step, const ValueRef &input);
  bool isWhole(const ValueRef &value) const;
  bool isOnePerRow(const ValueRef &value, const Dims &shape) const;
  size_t addInput(const ValueRef &input, const Dims &shape);
  bool cutRows();

  const std::vector<Buffer> &buffers;
  const std::vector<const Step *> &steps;
  const std::function<bool(const Step &)> &isRead;
  RowPlan result;
  Cuts cuts;
  /// All dimensions, those of the row at the end.
  Dims dims;
  int64_t total = 0, wholeRow = 0;
  /// Values computed here, by their buffers.
  std::map<size_t, size_t> computed;
  /// Buffers of all results so far.
  std::vector<size_t> written;
  /// Strides over `dims`, by value; empty where there is no view.
  std::vector<Dims> strides;
};

bool Planner::haveOneStorage() {
  result.storage = steps[0]->results[0].layout.storage;
  if (result.storage != Storage::F16 && result.storage != Storage::F32)
    return false;
  for (const Step *step : steps) {
    for (const ValueRef &value : step->inputs)
      if (value.layout.storage != result.storage)
        return false;
    if (step->results[0].layout.storage != result.storage)
      return false;
  }
  return true;
}

bool Planner::requireRow(int64_t length) {
  if (length > maxWholeRow || (wholeRow != 0 && wholeRow != length))
    return false;
  wholeRow = length;
  if (length > 1)
    cuts.insert(length);
  return true;
}

bool Planner::findDims() {
  total = elementCount(shapeOf(*steps[0]));
  for (const Step *step : steps) {
    const Dims &shape = shapeOf(*step);
    if (elementCount(shape) != total)
      return false;
    addCuts(shape, cuts);
    if (step->rows->kind == RowOperation::Kind::Reduction) {
      std::optional<ReducedEnd> end = reducedEnd(shape, step->rows->axes);
      if (!end || !requireRow(end->rowLength))
        return false;
    } else if (step->rows->kind == RowOperation::Kind::Softmax) {
      std::optional<ReducedEnd> end = reducedEnd(shape, step->rows->axes);
      if (!end || end->kind != RowStep::Reduce::AlongRow ||
          !requireRow(end->rowLength))
        return false;
    }
  }
  std::optional<Dims> found = dimsOf(cuts);
  if (!found)
    return false;
  dims = *found;
  return true;
}

/// A value is what its step wrote, element for element.
bool Planner::isWhole(const ValueRef &value) const {
  const int64_t bytes =
      elementCount(value.layout.dims) * storageSize(value.layout.storage);
  return value.offset == 0 && value.layout.isContiguous() &&
         bytes == buffers[value.buffer].bytes;
}

/// The value has one element for each row of `shape`, in the order of rows.
bool Planner::isOnePerRow(const ValueRef &value, const Dims &shape) const {
  if (!isWhole(value) || value.layout.dims.size() != shape.size())
    return false;
  int64_t inRow = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    const bool isStretched = value.layout.dims[i] != shape[i];
    if (isStretched != (inRow < wholeRow && shape[i] != 1))
      return false;
    inRow *= shape[i];
  }
  return true;
}

size_t Planner::addInput(const ValueRef &input, const Dims &shape) {
  const Dims view =
      splitStrides(shape, broadcastStrides(input.layout, shape), dims);
  for (size_t v = 0; v < result.values.size(); ++v)
    if (result.values[v].input && strides[v] == view) {
      const ValueRef &known = result.inputs[*result.values[v].input];
      if (known.buffer == input.buffer && known.offset == input.offset)
        return v;
    }
  RowValue value;
  value.input = result.inputs.size();
  result.inputs.push_back(input);
  result.values.push_back(value);
  strides.push_back(view);
  return result.values.size() - 1;
}

std::optional<size_t> Planner::operandOf(const Step &step,
                                         const ValueRef &input) {
  auto found = computed.find(input.buffer);
  if (found == computed.end()) {
    // Rows of what is being written are not complete.
    for (size_t buffer : written)
      if (overlap(buffers, buffer, input.buffer))
        return std::nullopt;
    return addInput(input, shapeOf(step));
  }
  const RowValue &value = result.values[found->second];
  const bool isRow = isWhole(input) && elementCount(input.layout.dims) == total;
  if (value.perRow ? isOnePerRow(input, shapeOf(step)) : isRow)
    return found->second;
  return std::nullopt;
}

bool Planner::addStep(const Step &step) {
  RowStep row;
  row.operation = *step.rows;
  for (const ValueRef &input : step.inputs) {
    std::optional<size_t> operand = operandOf(step, input);
    if (!operand)
      return false;
    row.operands.push_back(*operand);
  }
  const ValueRef &target = step.results[0];
  if (row.operation.kind == RowOperation::Kind::Reduction)
    row.reduce = reducedEnd(shapeOf(step), row.operation.axes)->kind;
  RowValue value;
  value.perRow = row.reduce == RowStep::Reduce::AlongRow;
  Dims view;
  if (row.reduce == RowStep::Reduce::AcrossRows || isRead(step)) {
    value.result = result.results.size();
    result.results.push_back(target);
    if (row.reduce == RowStep::Reduce::No)
      view = splitStrides(shapeOf(step), target.layout.strides, dims);
  }
  row.value = result.values.size();
  result.values.push_back(value);
  strides.push_back(view);
  written.push_back(target.buffer);
  if (isWhole(target) && row.reduce != RowStep::Reduce::AcrossRows)
    computed[target.buffer] = row.value;
  result.steps.push_back(std::move(row));
  return true;
}

/// Makes the row as long as all views allow, or as long as it has to be.
bool Planner::cutRows() {
  size_t cut = dims.size();
  int64_t length = 1;
  std::vector<int64_t> inner(strides.size(), 0);
  auto continues = [&](size_t dim) {
    for (size_t v = 0; v < strides.size(); ++v)
      if (!strides[v].empty() && length > 1 &&
          strides[v][dim] != inner[v] * length)
        return false;
    return true;
  };
  while (cut > 0 && (wholeRow == 0 || length < wholeRow) &&
         continues(cut - 1)) {
    --cut;
    for (size_t v = 0; v < strides.size(); ++v)
      if (length == 1 && !strides[v].empty())
        inner[v] = strides[v][cut];
    length *= dims[cut];
  }
  if (wholeRow != 0 && length != wholeRow)
    return false;
  const auto end = static_cast<int64_t>(cut);
  result.space = {Dims(dims.begin(), dims.begin() + end), length,
                  wholeRow != 0};
  for (size_t v = 0; v < strides.size(); ++v) {
    RowView &view = result.values[v].view;
    if (!strides[v].empty())
      view = {Dims(strides[v].begin(), strides[v].begin() + end), inner[v]};
    else if (result.values[v].perRow)
      view = {contiguousStrides(result.space.outer), 0};
    else
      view = {Dims(cut, 0), 0};
  }
  return true;
}

std::optional<RowPlan> Planner::plan() {
  if (!haveOneStorage() || !findDims())
    return std::nullopt;
  for (const Step *step : steps)
    if (!addStep(*step))
      return std::nullopt;
  if (!cutRows())
    return std::nullopt;
  return std::move(result);
}

} // namespace

std::optional<RowPlan>
planRows(const std::vector<Buffer> &buffers,
         const std::vector<const Step *> &steps,
         const std::function<bool(const Step &)> &isRead) {
  return Planner(buffers, steps, isRead).plan();
}

} // namespace anec::rt::cpu
