//===- Passes.h - Every pass of the compiler --------------------*- C++ -*-===//
#ifndef ANEC_COMPILER_PASSES_H
#define ANEC_COMPILER_PASSES_H

#include "dialect/NN/NN.h"

#include "mlir/Pass/Pass.h"

namespace anec {

#define GEN_PASS_DECL
#include "compiler/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Passes.h.inc"

} // namespace anec

#endif // ANEC_COMPILER_PASSES_H
