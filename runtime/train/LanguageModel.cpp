//===- LanguageModel.cpp - Next-token logits from a bundle ----------------===//
//
// One whole forward pass per token: the plan has one shape.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/LanguageModel.h"

#include <algorithm>
#include <limits>

namespace anec::rt {

Result<std::vector<float>> nextLogits(Executor<float> &executor,
                                      Span<const int32_t> tokens) {
  const Plan &plan = executor.plan();
  const ActiveVocabulary &vocabulary = executor.parameters().vocabulary();
  const HostProgram *program = plan.program("logits");
  if (!program || program->inputs.size() != 1 ||
      program->inputs[0].role != "tokens")
    return makeError(ErrorCode::InvalidInput,
                     "expects a bundle with a program 'logits' on tokens, but "
                     "'{}' has none",
                     plan.model);
  size_t S = size_t(plan.sequence), T = size_t(plan.batch) * S;
  size_t length = std::min(tokens.size(), S);
  Span<int32_t> input = executor.integers(program->inputs[0].buffer);
  std::fill(input.begin(), input.end(), 0);
  for (size_t s = 0; s < length; ++s) {
    int32_t token = tokens[tokens.size() - length + s];
    bool inside = token >= 0 && token < vocabulary.fullSize();
    input[s] = inside ? vocabulary.index(token) : -1;
    if (input[s] < 0)
      return makeError(ErrorCode::InvalidInput,
                       "expects tokens of the {} the model was trained with, "
                       "but token {} is not one of them",
                       vocabulary.size(), token);
  }
  ANEC_TRY(executor.run("logits"));
  ANEC_ASSIGN(Span<const float> logits, executor.output("logits", "logits"));
  std::vector<float> result(size_t(vocabulary.fullSize()),
                            -std::numeric_limits<float>::infinity());
  for (int64_t i = 0; i < vocabulary.size(); ++i)
    result[size_t(vocabulary.token(i))] = logits[size_t(i) * T + length - 1];
  return result;
}

} // namespace anec::rt
