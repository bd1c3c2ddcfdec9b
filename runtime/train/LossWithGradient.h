//===- LossWithGradient.h - Losses that are computed late -------*- C++ -*-===//
//
// A plan computes the cross entropy of logits and, some steps later, its
// gradient. Both need the same sums: done together they read the logits once,
// and the gradient takes their place in memory.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_LOSSWITHGRADIENT_H
#define ANEC_RUNTIME_TRAIN_LOSSWITHGRADIENT_H

#include "runtime/bundle/Plan.h"

#include <map>
#include <vector>

namespace anec::rt {

struct LossesWithGradients {
  /// The cross_entropy step by the cross_entropy_grad step that does its work.
  std::map<const Step *, const Step *> lossOf;
  /// Whether a step's work is done by a later one.
  bool isDoneLater(const Step &step) const;
  /// By buffer of the plan: whose memory it uses; its own or that of logits
  /// which nobody needs any more.
  std::vector<size_t> home;
};

/// `plan` must outlive the result.
LossesWithGradients findLossesWithGradients(const Plan &plan);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_LOSSWITHGRADIENT_H
