//===- Interleave.h - Several surfaces in one array -------------*- C++ -*-===//
//
// A row of a surface with packed weights is long and hardly used: a few columns
// of activations, then thousands that nobody touches. One such surface takes a
// page or two for each of its rows. Surfaces of the same shape are therefore
// laid over each other, each begins some elements later than the one before.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_INTERLEAVE_H
#define ANEC_RUNTIME_DEVICE_CPU_INTERLEAVE_H

#include <cstdint>
#include <vector>

namespace anec::rt::cpu {

/// How a column of a surface is used: not at all, for what other surfaces may
/// overwrite because it is needed in turn, or for what is this one's alone.
enum class ColumnUse : uint8_t { None, InTurn, Alone };

/// Shifts, ascending from 0, by which up to `count` arrays of rows like `row`
/// may begin after each other in one array with rows of that length: what goes
/// beyond the end of a row is in the next. A column used alone meets no used
/// column of another array. Multiples of `unit` when all arrays fit so. At
/// least one, fewer than `count` when no more fit.
std::vector<int64_t> interleave(const std::vector<ColumnUse> &row,
                                int64_t count, int64_t unit);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_INTERLEAVE_H
