//===- GenerateTest.cpp - Sampling and the loop around it -----------------===//
//
// With distributions small enough to count by hand.
//
//===----------------------------------------------------------------------===//
#include "runtime/text/Generate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace anec::rt;

namespace {

/// Logits of probabilities 1/2, 1/4, 1/8, 1/8.
const std::vector<float> logits = {float(std::log(2.0)), 0,
                                   float(std::log(0.5)), float(std::log(0.5))};

std::vector<int> histogram(const GenerateOptions &options, int draws) {
  std::vector<int> counts(4);
  for (int i = 0; i < draws; ++i)
    ++counts[size_t(
        sampleToken(Span<const float>(logits), options, uint64_t(i)))];
  return counts;
}

TEST(SampleToken, takesTheMostLikelyAtTemperatureZero) {
  GenerateOptions options;
  options.temperature = 0;
  EXPECT_EQ(histogram(options, 100), (std::vector<int>{100, 0, 0, 0}));
}

TEST(SampleToken, drawsByProbability) {
  GenerateOptions options;
  options.temperature = 1;
  options.topP = 1;
  std::vector<int> counts = histogram(options, 16000);
  // Five standard deviations of a count with p = 1/2: sqrt(16000 / 4) * 5.
  EXPECT_NEAR(counts[0], 8000, 316);
  EXPECT_NEAR(counts[1], 4000, 316);
  EXPECT_NEAR(counts[3], 2000, 316);
}

TEST(SampleToken, cutsTheTail) {
  GenerateOptions options;
  options.temperature = 1;
  options.topP = 0.75;
  std::vector<int> counts = histogram(options, 3000);
  EXPECT_EQ(counts[2] + counts[3], 0);
  EXPECT_NEAR(counts[0], 2000, 130); // renormalised: 2/3
}

TEST(SampleToken, neverDrawsWhatCannotCome) {
  std::vector<float> some(5, -std::numeric_limits<float>::infinity());
  some[3] = -100;
  GenerateOptions options;
  options.topP = 1;
  for (uint64_t i = 0; i < 100; ++i)
    EXPECT_EQ(sampleToken(Span<const float>(some), options, i), 3);
}

/// A model that counts: the next token is one more than the last.
Result<std::vector<float>> counting(Span<const int32_t> tokens) {
  std::vector<float> next(10, 0);
  next[size_t(tokens[tokens.size() - 1] + 1) % 10] = 1000;
  return next;
}

TEST(Generate, continuesUntilAStop) {
  GenerateOptions options;
  std::vector<int32_t> seen;
  auto added = generate({3}, {8}, options, counting,
                        [&](int32_t token) { seen.push_back(token); });
  ASSERT_TRUE(added);
  EXPECT_EQ(*added, (std::vector<int32_t>{4, 5, 6, 7}));
  EXPECT_EQ(seen, *added);
}

TEST(Generate, addsAtMostTheTokensAskedFor) {
  GenerateOptions options;
  options.tokens = 2;
  auto added = generate({0}, {8}, options, counting, [](int32_t) {});
  ASSERT_TRUE(added);
  EXPECT_EQ(*added, (std::vector<int32_t>{1, 2}));
}

TEST(Generate, refusesLogitsThatAreNotNumbers) {
  auto broken = [](Span<const int32_t>) -> Result<std::vector<float>> {
    return std::vector<float>(4, std::nanf(""));
  };
  auto added = generate({0}, {}, GenerateOptions(), broken, [](int32_t) {});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, ErrorCode::Diverged);
}

} // namespace
