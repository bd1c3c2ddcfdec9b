//===- ToMIL.h - From mil IR to the MIL language ----------------*- C++ -*-===//
//
// The emitter of kernels. It decides nothing: one statement per op, one named
// const per distinct parameter value. The text is printed by runtime/mil.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_EMIT_TOMIL_H
#define ANEC_COMPILER_EMIT_TOMIL_H

#include "dialect/MIL/MIL.h"
#include "runtime/mil/Ast.h"

#include <map>
#include <string>
#include <vector>

namespace anec {

/// A constant that lives in a file beside the program.
struct BlobConstant {
  std::string file; ///< Relative to the bundle: "weights/mask.bin".
  mlir::DenseElementsAttr value;
  /// The values in f32 where fp16 rounded them, or null.
  mlir::DenseElementsAttr exact;
};

struct EmittedKernel {
  rt::mil::Program program;
  /// Files to write, in order of first use; baked weights are not among them.
  std::vector<BlobConstant> blobs;
  /// What constants in the text are in f32 where fp16 rounded them, by name.
  std::map<std::string, std::vector<float>> exactValues;
  /// Multiplications and additions of products that an earlier kernel made.
  double recomputedFlops = 0;
  /// The same for products that are gradients of weights.
  double gradientFlops = 0;
  /// The op behind each statement, by the name of its result.
  std::map<std::string, mlir::Operation *> operations;
};

/// The program as an AST, or failure after a diagnostic. Inputs are named
/// a00_in, a01_in, ..., outputs z00_out, ...; their alphabetical order is their
/// order. A constant is declared before its first use.
mlir::FailureOr<EmittedKernel> toMIL(mil::ProgramOp program);

} // namespace anec

#endif // ANEC_COMPILER_EMIT_TOMIL_H
