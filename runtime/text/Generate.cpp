//===- Generate.cpp - Text from a model, token by token -------------------===//
//
// Temperature and nucleus sampling (Holtzman et al., arXiv:1904.09751).
//
//===----------------------------------------------------------------------===//
#include "runtime/text/Generate.h"

#include "runtime/support/Random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace anec::rt {

int32_t sampleToken(Span<const float> logits, const GenerateOptions &options,
                    uint64_t position) {
  auto best = std::max_element(logits.begin(), logits.end());
  if (options.temperature <= 0)
    return int32_t(best - logits.begin());

  std::vector<double> weights(logits.size());
  double total = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] =
        std::exp((double(logits[i]) - double(*best)) / options.temperature);
    total += weights[i];
  }
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return weights[size_t(a)] > weights[size_t(b)];
  });
  double kept = 0;
  size_t count = 0;
  while (count < order.size() && (count == 0 || kept < options.topP * total))
    kept += weights[size_t(order[count++])];

  double target = RandomStream(options.seed).uniform(position) * kept;
  for (size_t i = 0; i + 1 < count; ++i) {
    target -= weights[size_t(order[i])];
    if (target < 0)
      return order[i];
  }
  return order[count - 1];
}

Result<std::vector<int32_t>>
generate(const std::vector<int32_t> &prompt, const std::vector<int32_t> &stops,
         const GenerateOptions &options, const NextLogits &model,
         const std::function<void(int32_t)> &onToken) {
  std::vector<int32_t> tokens = prompt, added;
  for (int64_t i = 0; i < options.tokens; ++i) {
    ANEC_ASSIGN(std::vector<float> logits, model(tokens));
    bool numbers = std::none_of(logits.begin(), logits.end(),
                                [](float x) { return std::isnan(x); });
    if (!numbers)
      return makeError(ErrorCode::Diverged,
                       "expects logits that are numbers for token {}, but got "
                       "NaN",
                       tokens.size());
    int32_t token =
        sampleToken(Span<const float>(logits), options, uint64_t(i));
    if (std::find(stops.begin(), stops.end(), token) != stops.end())
      break;
    tokens.push_back(token);
    added.push_back(token);
    onToken(token);
  }
  return added;
}

} // namespace anec::rt
