//===- SplitLosses.h - Losses that device and host share --------*- C++ -*-===//
//
// The device has no loss, but the softmax of one, and may keep logits and
// probabilities to itself. Part of nn-place, before ops get their side.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_SPLITLOSSES_H
#define ANEC_COMPILER_TRANSFORMS_SPLITLOSSES_H

#include "dialect/NN/NN.h"

namespace anec {

/// Splits cross entropies into a softmax, for the device, and what the host
/// makes of the probabilities: loss and gradient. Logits that the device makes,
/// their logarithms do for, and no program but that of the loss is needed.
void splitSoftmaxes(nn::FuncOp func, bool classifierOnDevice,
                    bool gradientsOnDevice);

/// The same for a loss over the logits of a linear classifier, with gradients
/// of both its operands and nothing else: logits and probabilities p are read
/// by the device only. The gradients are products with p - one_hot(targets):
/// the device takes those with p, and the host, which knows the targets, those
/// with one_hot(targets), a row of the weight for each token. The loss needs
/// the largest logit of a token and its probability. Other losses stay as they
/// are.
void keepLogits(nn::FuncOp func);

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_SPLITLOSSES_H
