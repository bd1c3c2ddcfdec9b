//===- Bundle.h - The folder that anec writes -------------------*- C++ -*-===//
#ifndef ANEC_COMPILER_EMIT_BUNDLE_H
#define ANEC_COMPILER_EMIT_BUNDLE_H

#include "compiler/Emit/PlanFile.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace anec {

/// Every file of the bundle in memory, or failure after a diagnostic. `module`
/// holds one model and its plan.
mlir::FailureOr<BundleFiles> makeBundle(mlir::ModuleOp module);

/// Writes `files` beside `folder` and moves them there at once. The folder may
/// not exist, be empty, or hold an earlier bundle, which is replaced; anything
/// else is an error and stays as it was.
llvm::Error writeBundle(const BundleFiles &files, llvm::StringRef folder);

} // namespace anec

#endif // ANEC_COMPILER_EMIT_BUNDLE_H
