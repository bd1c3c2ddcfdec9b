//===- OptimizerTest.cpp - Rates, scales and AdamW ------------------------===//
//
// The small mathematics of training: values by hand and from PyTorch.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/ThreadPool.h"
#include "runtime/train/AdamW.h"
#include "runtime/train/LossScale.h"
#include "runtime/train/Schedule.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <limits>

using namespace anec::rt;
using nlohmann::json;

namespace {

TEST(Schedule, warmsUpThenFollowsACosine) {
  Schedule schedule{1.0, 0.1, 4, 12};
  EXPECT_DOUBLE_EQ(schedule.rate(0), 0.25);
  EXPECT_DOUBLE_EQ(schedule.rate(1), 0.5);
  EXPECT_DOUBLE_EQ(schedule.rate(3), 1.0);
  EXPECT_DOUBLE_EQ(schedule.rate(4), 1.0);
  // Halfway down: (1 + 0.1) / 2; a quarter: 0.1 + 0.45 (1 + sqrt(1/2)).
  EXPECT_NEAR(schedule.rate(8), 0.55, 1e-15);
  EXPECT_NEAR(schedule.rate(6), 0.1 + 0.45 * (1 + std::sqrt(0.5)), 1e-15);
  EXPECT_DOUBLE_EQ(schedule.rate(12), 0.1);
}

TEST(Schedule, needsNoWarmUp) {
  Schedule schedule{2.0, 0.5, 0, 2};
  EXPECT_DOUBLE_EQ(schedule.rate(0), 2.0);
  EXPECT_DOUBLE_EQ(schedule.rate(1), 1.5);
}

TEST(LossScale, halvesOnEachBadUpdate) {
  LossScale scale = LossScale::dynamic();
  EXPECT_EQ(scale.value(), 1024);
  scale.update(false);
  scale.update(false);
  EXPECT_EQ(scale.value(), 256);
}

TEST(LossScale, doublesAfter200QuietUpdates) {
  LossScale scale = LossScale::dynamic();
  for (int i = 0; i < 199; ++i)
    scale.update(true);
  EXPECT_EQ(scale.value(), 1024);
  scale.update(true);
  EXPECT_EQ(scale.value(), 2048);
  for (int i = 0; i < 199; ++i)
    scale.update(true);
  scale.update(false); // starts the count again
  for (int i = 0; i < 199; ++i)
    scale.update(true);
  EXPECT_EQ(scale.value(), 1024);
  scale.update(true);
  EXPECT_EQ(scale.value(), 2048);
}

TEST(LossScale, staysWhenFixed) {
  LossScale scale = LossScale::fixed(8);
  scale.update(false);
  for (int i = 0; i < 500; ++i)
    scale.update(true);
  EXPECT_EQ(scale.value(), 8);
}

TEST(LossScale, divergesAfter16BadUpdatesInARow) {
  LossScale scale = LossScale::dynamic();
  for (int i = 0; i < 15; ++i)
    scale.update(false);
  scale.update(true);
  EXPECT_FALSE(scale.diverged());
  for (int i = 0; i < 15; ++i)
    scale.update(false);
  EXPECT_FALSE(scale.diverged());
  scale.update(false);
  EXPECT_TRUE(scale.diverged());
}

TEST(AdamW, followsPyTorch) {
  json reference = json::parse(
      std::ifstream(ANEC_TEST_DIR "/runtime/train/reference/adamw.json"));
  ThreadPool pool(1);
  for (const json &test : reference["cases"]) {
    AdamWOptions options;
    options.weightDecay = 0.1;
    auto weights = reference["start"].get<std::vector<float>>();
    std::vector<float> m(3), v(3);
    // Gradients come in times 64, as a loss scale would leave them.
    for (size_t t = 0; t < 10; ++t) {
      auto gradient = reference["gradients"][t].get<std::vector<float>>();
      for (float &value : gradient)
        value *= 64;
      adamW(options, reference["rate"], int64_t(t) + 1, test["decay"] != 0.0,
            1.0 / 64, Span<const float>(gradient), weights, m, v, pool);
      for (size_t i = 0; i < 3; ++i)
        // Both round each operation to f32: a few units in the last place.
        ASSERT_NEAR(weights[i], test["weights"][t][i].get<double>(), 4e-7)
            << "update " << t << " weight " << i;
    }
  }
}

TEST(SumOfSquares, isTheSameForAnyThreadCountAndSeesInfinity) {
  std::vector<float> values(100000);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(float(i));
  ThreadPool one(1), four(4);
  double sum = sumOfSquares(Span<const float>(values), one);
  EXPECT_EQ(sum, sumOfSquares(Span<const float>(values), four));
  EXPECT_NEAR(sum, 50000, 1); // the mean of sin^2 is 1/2
  values[99999] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(sumOfSquares(Span<const float>(values), four)));
}

} // namespace
