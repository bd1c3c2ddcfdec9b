//===- RuntimeRules.cpp - What a simulated device does at run time --------===//
//
// Values, evidence and all are in the table of runtime/target.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/RuntimeRules.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::sim {

using target::Rule;

constexpr int64_t largestHalf = 65504;

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// The value of a rule, or what it is where the target does not have it.
static int64_t valueOr(const target::Profile &profile, Rule rule,
                       int64_t otherwise) {
  return profile.checks(rule) ? profile.limit(rule) : otherwise;
}

RuntimeRules runtimeRules(const target::Profile &profile) {
  constexpr int64_t unlimited = INT64_MAX;
  RuntimeRules rules;
  rules.compiles = valueOr(profile, Rule::CompileBudget, unlimited);
  rules.loadedPrograms = valueOr(profile, Rule::LoadedModels, unlimited);
  rules.surfaceBytes = valueOr(profile, Rule::IoMinBytes, 0);
  rules.rowBytes = valueOr(profile, Rule::IoRowStride, 1);
  rules.pageBytes = valueOr(profile, Rule::IoMinBytesHypothesis, 1);
  rules.slots = valueOr(profile, Rule::IoSlotsMax, unlimited);
  rules.sameSizes = profile.checks(Rule::MultiInSize);
  rules.inPlace = !profile.refuses(Rule::IoInPlace);
  rules.productLimit =
      static_cast<double>(valueOr(profile, Rule::NumMatmulSat, largestHalf));
  rules.hasNoNan = profile.checks(Rule::NumSpecials);
  // A magnitude that the slice multiplies until fp16 ends.
  if (profile.checks(Rule::OpSliceWidth))
    rules.widthSliceScale =
        std::floor(static_cast<double>(largestHalf) /
                   static_cast<double>(profile.limit(Rule::OpSliceWidth)));
  rules.contractionMultiple = valueOr(profile, Rule::MatmulK32, 1);
  rules.watchdogSeconds =
      static_cast<double>(valueOr(profile, Rule::Watchdog, unlimited)) / 1000;
  rules.compileAttempts =
      static_cast<int>(valueOr(profile, Rule::CompileRetry, 0)) + 1;
  rules.flushesDenormals = profile.checks(Rule::NumDenormals);
  rules.tableKnots = valueOr(profile, Rule::NumLut, rules.tableKnots);
  rules.lanes = valueOr(profile, Rule::NumPartialSums, rules.lanes);
  rules.exactCount = valueOr(profile, Rule::NumReduce, rules.exactCount);
  return rules;
}

int64_t batchStride(const RuntimeRules &rules, int64_t channels,
                    int64_t width) {
  constexpr int64_t elementBytes = 2;
  return channels * roundUp(width * elementBytes, rules.rowBytes);
}

int64_t allocationBytes(const RuntimeRules &rules, int64_t channels,
                        int64_t width) {
  return roundUp(
      std::max(rules.surfaceBytes, batchStride(rules, channels, width)),
      rules.pageBytes);
}

} // namespace anec::rt::sim
