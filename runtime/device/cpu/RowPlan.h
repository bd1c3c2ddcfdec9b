//===- RowPlan.h - Several operators over the same rows ---------*- C++ -*-===//
//
// Steps that go through as many elements, in the same order, whatever shapes
// they give them, as one list of operations on rows. Values between them stay
// in the first cache.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ROWPLAN_H
#define ANEC_RUNTIME_DEVICE_CPU_ROWPLAN_H

#include "runtime/device/cpu/CpuProgram.h"

#include <functional>
#include <optional>
#include <vector>

namespace anec::rt::cpu {

/// Rows of `length` elements: as many as the product of `outer`.
struct RowSpace {
  Dims outer;
  int64_t length = 1;
  /// Some operation needs every row in one piece.
  bool wholeRows = false;

  int64_t count() const { return elementCount(outer); }
};

/// Where the rows of a value are in its memory; strides in elements.
struct RowView {
  Dims outerStrides;
  int64_t stride = 1;
};

/// Something that operations read or write.
struct RowValue {
  /// The place among the inputs, for values that come from outside.
  std::optional<size_t> input;
  /// The place among the results, for values that somebody else reads.
  std::optional<size_t> result;
  /// Of the input or the result.
  RowView view;
  /// One element for each row instead of a row.
  bool perRow = false;
};

/// One operation; values by number.
struct RowStep {
  enum class Reduce { No, AlongRow, AcrossRows };

  RowOperation operation;
  std::vector<size_t> operands;
  size_t value = 0;
  Reduce reduce = Reduce::No;
};

struct RowPlan {
  Storage storage = Storage::F16;
  RowSpace space;
  std::vector<RowValue> values;
  std::vector<RowStep> steps;
  /// What the inputs and results of the plan are.
  std::vector<ValueRef> inputs, results;
};

/// Longest rows that may have to be in one piece.
constexpr int64_t maxWholeRow = 4096;

/// The plan of steps in the order of execution; nothing when they do not go
/// through rows together. `isRead` says whether anybody else reads what a step
/// writes.
std::optional<RowPlan>
planRows(const std::vector<Buffer> &buffers,
         const std::vector<const Step *> &steps,
         const std::function<bool(const Step &)> &isRead);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ROWPLAN_H
