//===- Plan.h - The plan dialect --------------------------------*- C++ -*-===//
#ifndef ANEC_DIALECT_PLAN_PLAN_H
#define ANEC_DIALECT_PLAN_PLAN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"

#include "dialect/Plan/PlanDialect.h.inc"
#include "dialect/Plan/PlanEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialect/Plan/PlanAttributes.h.inc"

#define GET_OP_CLASSES
#include "dialect/Plan/PlanOps.h.inc"

#endif // ANEC_DIALECT_PLAN_PLAN_H
