//===- PlanProgram.h - One entry point of the plan --------------*- C++ -*-===//
#ifndef ANEC_COMPILER_TRANSFORMS_PLANPROGRAM_H
#define ANEC_COMPILER_TRANSFORMS_PLANPROGRAM_H

#include "compiler/Transforms/PlanBuffers.h"
#include "compiler/Transforms/PlanKernels.h"
#include "compiler/Transforms/PlanSurfaces.h"
#include "compiler/Transforms/Vocabulary.h"

namespace anec {

/// Appends a plan.program that does what `func` computes. Fails after a
/// diagnostic when an op of it has no host form.
mlir::LogicalResult buildPlanProgram(nn::FuncOp func, mlir::OpBuilder &builder,
                                     PlanBuffers &buffers,
                                     PlanSurfaces &surfaces,
                                     const PlanKernels &kernels,
                                     const Vocabulary &vocabulary);

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PLANPROGRAM_H
