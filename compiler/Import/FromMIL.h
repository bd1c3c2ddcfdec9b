//===- FromMIL.h - From the MIL language to mil IR --------------*- C++ -*-===//
//
// The way back of Emit/ToMIL: one op per statement, each at its place in the
// text. Named and immediate constants become the same IR; arguments that were
// left out, and sizes and positions relative to the end, are written out.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_IMPORT_FROMMIL_H
#define ANEC_COMPILER_IMPORT_FROMMIL_H

#include "dialect/MIL/MIL.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace anec {

/// A module with one `mil.program` per function, called as the function; null
/// after a diagnostic: the text is wrong, or it holds an operator, a type or a
/// parameter that the dialect lacks. The module is not verified.
mlir::OwningOpRef<mlir::ModuleOp> fromMIL(llvm::StringRef text,
                                          const std::string &fileName,
                                          mlir::MLIRContext *context);

} // namespace anec

#endif // ANEC_COMPILER_IMPORT_FROMMIL_H
