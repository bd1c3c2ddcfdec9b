//===- Generate.h - Text from a model, token by token -----------*- C++ -*-===//
//
// Sampling and the loop around it. The model is a function, so that this knows
// nothing of plans and devices.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TEXT_GENERATE_H
#define ANEC_RUNTIME_TEXT_GENERATE_H

#include "runtime/support/Result.h"
#include "runtime/support/Span.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace anec::rt {

struct GenerateOptions {
  /// Tokens to add at most.
  int64_t tokens = 128;
  /// Divides the logits; 0 takes the most likely token.
  double temperature = 0.8;
  /// Only the most likely tokens that together have this probability.
  double topP = 0.95;
  uint64_t seed = 1;
};

/// Logits of the token after `tokens`, one for each of the vocabulary. Minus
/// infinity for tokens that cannot come.
using NextLogits =
    std::function<Result<std::vector<float>>(Span<const int32_t> tokens)>;

/// Draws a token. Token i of a text uses the random number i of `seed`, so the
/// same seed and logits give the same text. Ties go to the lower id.
int32_t sampleToken(Span<const float> logits, const GenerateOptions &options,
                    uint64_t position);

/// Continues `prompt` (at least one token) until `options.tokens` were added or
/// one of `stops` was drawn, which is not returned. `onToken` gets each token
/// as it is drawn. Errors: those of the model; logits that are not numbers
/// (Diverged).
Result<std::vector<int32_t>>
generate(const std::vector<int32_t> &prompt, const std::vector<int32_t> &stops,
         const GenerateOptions &options, const NextLogits &model,
         const std::function<void(int32_t)> &onToken);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TEXT_GENERATE_H
