//===- ApplyUpdate.h - From gradients to staged weights ---------*- C++ -*-===//
//
// The end of an update: norm, clipping, AdamW, staging. Training and
// benchmarks share it, so that a benchmark times what training does.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_APPLYUPDATE_H
#define ANEC_RUNTIME_TRAIN_APPLYUPDATE_H

#include "runtime/train/Executor.h"
#include "runtime/train/Optimizer.h"

namespace anec::rt {

struct UpdateRule {
  double rate = 0;
  /// Undoes loss scale and the sum over micro-steps.
  double gradientScale = 1;
  /// Largest gradient norm; 0: none.
  double clip = 0;
};

struct AppliedUpdate {
  /// Global norm of the gradients, after `gradientScale`.
  double norm = 0;
  /// The norm was not finite: nothing was changed.
  bool skipped = false;
  /// Every tensor has its new values, but the device did not take them.
  std::optional<Error> stagingError;
  /// The device stopped in the middle of the tensors that it trains; the others
  /// are unchanged.
  std::optional<Error> updateError;
};

/// The global norm of all gradients as they stand, wherever they are; not
/// finite when any of them is not.
double gradientNorm(Executor<float> &executor, const Optimizer &optimizer);

/// Clips as torch.nn.utils.clip_grad_norm_ does, changes every trainable
/// tensor and stages it in the same pass; those that the device trains it
/// changes where they are. Adds its time to `seconds`, without
/// that of tensors that are staged as a whole.
AppliedUpdate applyUpdate(Executor<float> &executor, Optimizer &optimizer,
                          const UpdateRule &rule, double &seconds);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_APPLYUPDATE_H
