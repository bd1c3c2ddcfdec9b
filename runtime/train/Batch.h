//===- Batch.h - Sequences into input buffers -------------------*- C++ -*-===//
//
// The step between a dataset and a program: each sequence becomes one row of
// the batch in every input buffer, by role.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_BATCH_H
#define ANEC_RUNTIME_TRAIN_BATCH_H

#include "runtime/train/Dataset.h"
#include "runtime/train/Executor.h"

namespace anec::rt {

/// Writes `sequence` into row `row` of the inputs of `program`.
template <typename Real>
void putSequence(Executor<Real> &executor, const HostProgram &program,
                 int64_t row, const Sequence &sequence);

/// Fills a batch with the training sequences `first` .. `first` + batch - 1.
template <typename Real>
void putTrainingBatch(Executor<Real> &executor, const HostProgram &program,
                      const Dataset &data, uint64_t first);

/// Mean loss of the program "eval_loss" over `batches` batches of windows,
/// spread evenly over the data; with fewer windows than a batch they repeat.
/// `batches` is reduced to what the data holds; 0 means all of it.
template <typename Real>
Result<double> meanLoss(Executor<Real> &executor, const Dataset &data,
                        int64_t batches);

/// Runs `program` on what is in its inputs and returns its output "loss".
template <typename Real>
Result<double> runForLoss(Executor<Real> &executor, const std::string &program);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_BATCH_H
