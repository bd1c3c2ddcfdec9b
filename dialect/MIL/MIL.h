//===- MIL.h - The mil dialect ----------------------------------*- C++ -*-===//
//
// Programs of Apple's model intermediate language as MLIR: what a kernel is
// between the model language and the text that the device compiles.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_MIL_MIL_H
#define ANEC_DIALECT_MIL_MIL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/MIL/MILDialect.h.inc"

#include "dialect/MIL/MILInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialect/MIL/MILOps.h.inc"

#endif // ANEC_DIALECT_MIL_MIL_H
