//===- Parameters.h - Compile-time parameters as attributes -----*- C++ -*-===//
#ifndef ANEC_COMPILER_IMPORT_PARAMETERS_H
#define ANEC_COMPILER_IMPORT_PARAMETERS_H

#include "runtime/mil/Operands.h"

#include "mlir/IR/Builders.h"

namespace anec {

/// The attributes of `op`, whose ODS names are `names`: the given ones in the
/// dialect's form, the others with MIL's defaults. `result` is the checked type
/// of its result. An error says which parameter the dialect cannot hold.
rt::Result<mlir::NamedAttrList>
convertParameters(llvm::StringRef op, llvm::ArrayRef<mlir::StringAttr> names,
                  const rt::mil::Operands &operands,
                  const rt::mil::Type &result, mlir::Builder &builder);

} // namespace anec

#endif // ANEC_COMPILER_IMPORT_PARAMETERS_H
