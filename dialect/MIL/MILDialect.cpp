//===- MILDialect.cpp - Registration of the mil dialect -------------------===//

#include "dialect/MIL/MIL.h"

#include "mlir/IR/Builders.h"

#include "dialect/MIL/MILDialect.cpp.inc"

void anec::mil::MILDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialect/MIL/MILOps.cpp.inc"
      >();
}
