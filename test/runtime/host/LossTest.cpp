//===- LossTest.cpp - Cross entropy beyond one block of rows --------------===//
//
// Small cases are compared with PyTorch in HostOpsTest; here are vocabularies
// of several blocks, against the definitions, term by term in long double.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/Loss.h"

#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace anec::rt;

namespace {

template <typename Real> class CrossEntropy : public testing::Test {
protected:
  static constexpr int64_t V = 300, T = 21;

  CrossEntropy() : logits(size_t(V * T)), targets(size_t(T)) {
    // From -12 to 12; the largest of a column in any block.
    for (int64_t v = 0; v < V; ++v)
      for (int64_t t = 0; t < T; ++t)
        at(v, t) = Real((v * 7919 + t * 104729) % 2401 - 1200) / 100;
    for (int64_t t = 0; t < T; ++t)
      targets[size_t(t)] = int32_t(t * 37 % V);
  }

  Real &at(int64_t v, int64_t t) { return logits[size_t(v * T + t)]; }

  double loss() {
    return crossEntropy(logits.data(), targets.data(), V, T, pool);
  }

  std::vector<Real> logits;
  std::vector<int32_t> targets;
  ThreadPool pool{2};
};

using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(CrossEntropy, Reals);

TYPED_TEST(CrossEntropy, FollowsItsDefinition) {
  using Real = TypeParam;
  const int64_t V = this->V, T = this->T;
  long double total = 0;
  std::vector<long double> sums(static_cast<size_t>(T));
  for (int64_t t = 0; t < T; ++t) {
    for (int64_t v = 0; v < V; ++v)
      sums[size_t(t)] += std::exp(static_cast<long double>(this->at(v, t)));
    total += std::log(sums[size_t(t)]) -
             static_cast<long double>(this->at(this->targets[size_t(t)], t));
  }
  // Exponentials have 4 units in the last place, sums of 32 of them half a
  // dozen more at most; the loss is a few units large.
  const double epsilon = std::numeric_limits<Real>::epsilon();
  EXPECT_NEAR(this->loss(), double(total / T), 32 * epsilon);

  const double dloss = 3;
  std::vector<Real> gradient(size_t(V * T));
  crossEntropyGrad(this->logits.data(), this->targets.data(), dloss,
                   gradient.data(), V, T, this->pool);
  for (int64_t v = 0; v < V; ++v)
    for (int64_t t = 0; t < T; ++t) {
      const long double p =
          std::exp(static_cast<long double>(this->at(v, t))) / sums[size_t(t)];
      const bool isTarget = this->targets[size_t(t)] == v;
      EXPECT_NEAR(gradient[size_t(v * T + t)],
                  double(dloss / T * (p - (isTarget ? 1 : 0))),
                  32 * epsilon * dloss / T);
    }
}

TYPED_TEST(CrossEntropy, GivesTheSameBitsWithItsGradientInPlace) {
  using Real = TypeParam;
  std::vector<Real> gradient(this->logits.size());
  crossEntropyGrad(this->logits.data(), this->targets.data(), 0.25,
                   gradient.data(), this->V, this->T, this->pool);
  const double loss = this->loss();
  ThreadPool alone(1);
  EXPECT_EQ(loss, crossEntropyWithGrad(
                      this->logits.data(), this->targets.data(), 0.25,
                      this->logits.data(), this->V, this->T, alone));
  EXPECT_EQ(this->logits, gradient);
}

TYPED_TEST(CrossEntropy, TakesLogitsThatExcludeTokens) {
  using Real = TypeParam;
  const Real infinity = std::numeric_limits<Real>::infinity();
  // Whole blocks of a column, but not the target.
  for (int64_t v = 1; v < this->V; ++v)
    this->at(v, 0) = -infinity;
  EXPECT_TRUE(std::isfinite(this->loss()));
  std::vector<Real> gradient(this->logits.size());
  crossEntropyGrad(this->logits.data(), this->targets.data(), 1.0,
                   gradient.data(), this->V, this->T, this->pool);
  // Token 0 is sure, and right.
  EXPECT_EQ(gradient[0], 0);
  EXPECT_EQ(gradient[size_t(this->T)], 0);
  this->at(200, 3) = std::numeric_limits<Real>::quiet_NaN();
  EXPECT_TRUE(std::isnan(this->loss()));
}

} // namespace
