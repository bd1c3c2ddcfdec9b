//===- Liveness.h - Memory that a plan needs --------------------*- C++ -*-===//
//
// What is allocated for surfaces and host buffers, and the most of it that
// holds values at one time: the difference is memory that nobody needs.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_LIVENESS_H
#define ANEC_RUNTIME_BUNDLE_LIVENESS_H

#include "runtime/bundle/Plan.h"

namespace anec::rt {

struct MemoryBill {
  /// fp16 surfaces and f32 host buffers as they are allocated.
  uint64_t surfaces = 0, buffers = 0;
  /// The most bytes of both that hold a value somebody still reads, at any step
  /// of "train_step". Surfaces with weights always do.
  uint64_t peak = 0;
};

/// A vocabulary of open size counts in full.
MemoryBill memoryOf(const Plan &plan);

/// By surface of the plan: whether never two of its instances hold activations
/// that a step still reads, nor one between two programs, so that one piece of
/// memory would do for the activations of all.
std::vector<bool> holdActivationsInTurn(const Plan &plan);

/// Whether `result`, a buffer that `step` makes of `operand`, may be in the
/// memory of `operand`: both are single tensors of one shape, and but for this
/// step never both hold a value that is still read, in any program.
bool mayTakePlaceOf(const Plan &plan, const Step &step, size_t operand,
                    size_t result);

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_LIVENESS_H
