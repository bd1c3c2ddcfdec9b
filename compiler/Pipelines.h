//===- Pipelines.h - The order of passes ------------------------*- C++ -*-===//
#ifndef ANEC_COMPILER_PIPELINES_H
#define ANEC_COMPILER_PIPELINES_H

#include "mlir/Pass/PassManager.h"

#include <string>
#include <vector>

namespace anec {

/// What a user may choose; values are checked by the passes that they reach.
struct CompilerOptions {
  std::string weights = "packed";
  std::vector<std::string> weightsFor;
  std::string offload = "auto";
  std::string recompute = "auto";
  std::string target = "strict";
  /// For tests: the op whose gradient rule is broken on purpose.
  std::string breakRule;
};

/// From the model to kernels in nn and host functions that call them.
void addModelPasses(mlir::PassManager &passes, const CompilerOptions &options);
/// From kernels in nn to packed, canonical mil programs.
void addKernelPasses(mlir::PassManager &passes, const CompilerOptions &options);
/// The host programs, and the check of every kernel.
void addPlanPasses(mlir::PassManager &passes, const CompilerOptions &options);

} // namespace anec

#endif // ANEC_COMPILER_PIPELINES_H
