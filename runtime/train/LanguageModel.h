//===- LanguageModel.h - Next-token logits from a bundle --------*- C++ -*-===//
//
// The "logits" program of a bundle as the function that generation asks.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_LANGUAGEMODEL_H
#define ANEC_RUNTIME_TRAIN_LANGUAGEMODEL_H

#include "runtime/train/Executor.h"

namespace anec::rt {

/// The logits of the whole vocabulary after `tokens`, of which the last
/// `sequence` count; minus infinity for tokens that are not active. The text is
/// row 0 of the fixed batch; what follows it cannot change its logits, as
/// models with a "logits" program are causal. "stage" must have run.
/// Errors: a token that is not active, no "logits" program, device errors.
Result<std::vector<float>> nextLogits(Executor<float> &executor,
                                      Span<const int32_t> tokens);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_LANGUAGEMODEL_H
