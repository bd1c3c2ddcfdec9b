//===- KernelSharing.h - One program for several kernels --------*- C++ -*-===//
//
// A program is compiled, loaded and staged for once, whoever dispatches it: so
// kernels that compute the same are one, and a kernel whose results another one
// computes from the same inputs is not needed.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_KERNELSHARING_H
#define ANEC_COMPILER_TRANSFORMS_KERNELSHARING_H

#include "compiler/Transforms/KernelNeeds.h"

namespace anec {

/// What a program costs in bytes of each micro-step. The 72 kernels of the
/// static pipeline take 4,200 ms to compile (Orion), 58 ms each; over the some
/// 600 micro-steps of a short run that is what a dispatch costs.
constexpr int64_t programBytes = 10'000'000;

/// Operations of products in the time that a byte takes: 10 TFLOP/s and 100
/// GB/s; see runtime/target/cost.
constexpr int64_t flopsPerByte = 100;

/// Replaces dispatches of kernels of `model` by others, until no kernel is left
/// that another makes superfluous: it computes all of the results, from the
/// same parameters or more of the whole model. What it computes and did not
/// return it returns, where that costs less in a micro-step than a program;
/// what it takes besides is undefined. The training step itself does no more
/// than it did: only evaluation and generation run what they do not need.
void shareKernels(nn::ModelOp model, const KernelNeeds &needs);

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_KERNELSHARING_H
