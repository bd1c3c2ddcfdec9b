//===- RowOperation.h - What a step does to rows ----------------*- C++ -*-===//
//
// Operators that go through their operands row by row say so, and then several
// of them can go through one row together.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ROWOPERATION_H
#define ANEC_RUNTIME_DEVICE_CPU_ROWOPERATION_H

#include "runtime/device/cpu/Tensor.h"

#include <string>

namespace anec::rt::cpu {

/// An operator of one or two inputs and one result.
struct RowOperation {
  enum class Kind {
    Copy,
    /// `function` names a UnaryRow or a BinaryRow; inputs are broadcast to the
    /// result.
    Unary,
    Binary,
    /// Along the one axis of input 0.
    Softmax,
    /// `function` is the operator; over the axes of input 0.
    Reduction
  };

  Kind kind = Kind::Copy;
  std::string function;
  double alpha = 0, beta = 0;
  Dims axes;
};

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ROWOPERATION_H
