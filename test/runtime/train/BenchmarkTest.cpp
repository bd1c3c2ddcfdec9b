//===- BenchmarkTest.cpp - Timing whole updates ---------------------------===//
//
// Times cannot be expected; what they add up to and what they are of can.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Benchmark.h"

#include "test/runtime/bundle/TestBundle.h"
#include "test/runtime/train/HostDevice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace anec::rt;
using testing::HasSubstr;

namespace {

Result<nlohmann::json> benchmark(const BenchmarkOptions &options) {
  TemporaryFolder folder;
  TestBundle::language().write(folder.string());
  Bundle bundle = std::move(*Bundle::open(folder.string()));
  HostDevice device(Numerics::F32);
  ThreadPool pool(2);
  return benchmarkTraining(bundle, device, pool, options);
}

TEST(Benchmark, timesUpdatesByPhase) {
  BenchmarkOptions options;
  options.steps = 3;
  options.accumulation = 2;
  options.activeVocabulary = 9;
  Result<nlohmann::json> result = benchmark(options);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ((*result)["rows"], 9);
  EXPECT_EQ((*result)["threads"], 2);
  double phases = 0;
  for (const auto &phase : (*result)["phases"])
    phases += phase.get<double>();
  EXPECT_GT(phases, 0);
  EXPECT_TRUE((*result)["phases"].contains("optimizer"));
  EXPECT_GT((*result)["peak_gflops"], 0.1);
  // An untrained model of 9 tokens: a loss of about log 9.
  EXPECT_NEAR((*result)["loss"].get<double>(), std::log(9.0), 1);
  EXPECT_THAT(formatBenchmark(*result), HasSubstr("9 rows"));
}

TEST(Benchmark, leavesTheOptimizerOutAndRefusesTooManyTokens) {
  BenchmarkOptions options;
  options.steps = 1;
  options.optimizer = false;
  Result<nlohmann::json> result = benchmark(options);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_FALSE((*result)["phases"].contains("optimizer"));
  EXPECT_EQ((*result)["rows"], 16);
  options.activeVocabulary = 17;
  EXPECT_THAT(benchmark(options).error().message, HasSubstr("17"));
}

} // namespace
