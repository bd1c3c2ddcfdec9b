//===- ProgramWork.h - What one dispatch of a program does ------*- C++ -*-===//
//
// Products, bytes of surfaces and bytes moved inside, read off the AST: what a
// bill counts and what the cost model turns into time.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TARGET_PROGRAMWORK_H
#define ANEC_RUNTIME_TARGET_PROGRAMWORK_H

#include "runtime/mil/Ast.h"

#include <cstdint>
#include <vector>

namespace anec::rt::target {

/// One matmul, linear or conv: rows x columns results (batches counted into the
/// columns), each a sum of `summed` products.
struct Product {
  enum class Kind { Conv, Matmul } kind = Kind::Matmul;
  int64_t rows = 0, columns = 0, summed = 0;
  /// Bytes of the operand that is a constant, 0 when both are computed.
  uint64_t weightBytes = 0;
  /// Bytes of both operands and the result.
  uint64_t operandBytes = 0;

  double flops() const {
    return 2.0 * double(rows) * double(columns) * double(summed);
  }
};

struct ProgramWork {
  std::vector<Product> products;
  /// Bytes of the function's inputs and outputs.
  uint64_t inputBytes = 0, outputBytes = 0;
  /// Computed bytes that operators read and write which are no products and
  /// no mere change of shape.
  uint64_t movedBytes = 0;
};

/// The work of all functions. The program has passed the type checker; tensors
/// of unknown size count nothing.
ProgramWork programWork(const mil::Program &program);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_PROGRAMWORK_H
