//===- Elements.h - Tensors as vectors of numbers ---------------*- C++ -*-===//
//
// For operators that are rare and so are written for clarity: everything is
// double, row-major and contiguous, and rounded once when it is stored.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ELEMENTS_H
#define ANEC_RUNTIME_DEVICE_CPU_ELEMENTS_H

#include "runtime/device/cpu/Tensor.h"

#include <vector>

namespace anec::rt::cpu {

using Numbers = std::vector<double>;

/// All elements, the last dimension fastest. Every stored type is exact.
Numbers numbersOf(const Tensor &tensor);

/// Rounds as many numbers as `tensor` has elements into it.
void storeNumbers(const Numbers &numbers, const Tensor &tensor);

/// One element, `offset` elements from the first.
double numberAt(const Tensor &tensor, int64_t offset);

/// A tensor seen from one axis: element i of a line is at
/// (outer * length + i) * inner + lane.
struct AxisSplit {
  int64_t outer = 1, length = 1, inner = 1;

  AxisSplit(const Dims &dims, int64_t axis);

  int64_t at(int64_t block, int64_t i, int64_t lane) const {
    return (block * length + i) * inner + lane;
  }
};

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ELEMENTS_H
