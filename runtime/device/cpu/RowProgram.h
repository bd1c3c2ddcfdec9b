//===- RowProgram.h - A plan of rows, ready to run --------------*- C++ -*-===//
//
// What does not depend on addresses is found once: functions, where rows of
// values between operations lie, and how far the next row is.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ROWPROGRAM_H
#define ANEC_RUNTIME_DEVICE_CPU_ROWPROGRAM_H

#include "runtime/device/cpu/Reducer.h"
#include "runtime/device/cpu/RowPlan.h"

#include <optional>
#include <vector>

namespace anec::rt::cpu {

/// One operation with its functions looked up. S is half or float.
template <typename S> struct RowInstruction {
  static constexpr size_t none = ~size_t(0);

  explicit RowInstruction(const RowStep &step);

  RowOperation::Kind kind;
  RowStep::Reduce reduce;
  /// Values, and when the plan is ready the places of their rows.
  size_t x, y = none, value;
  /// The place of a result in memory, which is the row's unless it has a slot.
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

/// Units are rows, or pieces of long ones. Every value has two places: `v` is
/// where its memory is, `values.size() + v` its slot.
template <typename S> class RowProgram {
public:
  explicit RowProgram(const RowPlan &plan);

  /// Of each value in a unit.
  int64_t lengthOf(int64_t unit) const;
  int64_t unitCount() const { return space.count() * pieces; }

  RowSpace space;
  std::vector<RowValue> values;
  std::vector<RowInstruction<S>> instructions;
  /// Reductions across rows.
  size_t acrossCount = 0;
  /// Slots by value, and how many there are.
  std::vector<size_t> slots;
  size_t slotCount = 0;
  int64_t pieces, pieceSize;
  /// Rows and, where there are several, their pieces.
  Dims dims;
  /// By dimension and value, 0 for what is in no memory: how far elements are
  /// apart, and how far the next unit is when the index moves in that dimension
  /// and begins anew in those behind it.
  std::vector<Dims> strides, steps;
  /// Inputs that come into their slots from elsewhere, and those that are not
  /// the same for all units.
  std::vector<size_t> gathered, moving;

private:
  static constexpr size_t none = RowInstruction<S>::none;
  bool isOnlyUse(size_t value) const;
  void findMagnitudes();
  void assignSlots();
  void findSteps();
  void findPlaces();
};

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ROWPROGRAM_H
