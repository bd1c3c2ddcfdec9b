//===- ExponentialTest.cpp - Exponentials of rows -------------------------===//
//
// Against the C library in double.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Random.h"
#include "runtime/vector/VectorMath.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace anec::rt;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// Units in the last place between `found` and `expected`, a normal number.
double unitsBetween(float found, double expected) {
  int exponent = 0;
  std::frexp(expected, &exponent);
  return std::abs(found - expected) / std::ldexp(1.0, exponent - 24);
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// The largest error of the function `name` for x from `begin` on.
template <typename Function>
double worstOf(const char *name, const Function &function, double begin,
               double end, double step) {
  std::vector<float> x, y;
  for (double number = begin; number < end; number += step)
    x.push_back(static_cast<float>(number));
  y.resize(x.size());
  findUnaryRow<float>(name)(x.data(), y.data(), static_cast<int64_t>(x.size()),
                            0, 0);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i)
    worst = std::max(worst,
                     unitsBetween(y[i], function(static_cast<double>(x[i]))));
  return worst;
}

TEST(Exponential, FourUnitsOverTheWholeRange) {
  const auto e = [](double x) { return std::exp(x); };
  EXPECT_LE(worstOf("exp", e, -87.33, 0, 1e-4), 2);
  EXPECT_LE(worstOf("exp", e, -1e-3, 0, 1e-9), 2);
  EXPECT_LE(worstOf("exp", e, 0, 88.72, 1e-4), 2);
  EXPECT_LE(worstOf("exp", e, 88.72, 88.7228, 1e-6), 2);
  // Vectors that have both signs.
  EXPECT_LE(worstOf("exp", e, -0.7, 0.7, 1e-5), 2);
}

/// Each number alone and among others, whose signs and sizes are mixed: rows
/// are cut in other places when operators go through them together.
template <typename T> void expectSameBitsAmongOthers() {
  RandomStream random(1);
  std::vector<T> x(500);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<T>(float(random.normal(i)) * (i % 5 == 0 ? 60 : 2));
  for (const char *name : {"exp", "sigmoid", "silu", "tanh", "gelu_tanh",
                           "gelu_sigmoid", "sqrt", "round", "softsign"}) {
    const UnaryRow<T> function = findUnaryRow<T>(name);
    std::vector<T> row = x;
    function(row.data(), row.data(), int64_t(row.size()), 0, 0);
    for (size_t i = 0; i < x.size(); ++i) {
      T alone = x[i];
      function(&alone, &alone, 1, 0, 0);
      ASSERT_EQ(std::memcmp(&alone, &row[i], sizeof(T)), 0)
          << name << " of " << double(x[i]);
    }
  }
}

TEST(Exponential, SameBitsAmongOthers) {
  expectSameBitsAmongOthers<half>();
  expectSameBitsAmongOthers<float>();
  expectSameBitsAmongOthers<double>();
}

TEST(Exponential, SigmoidOverTheWholeRange) {
  EXPECT_LE(worstOf("sigmoid", sigmoid, -87, 20, 1e-4), 4);
  EXPECT_LE(worstOf("sigmoid", sigmoid, -1, 1, 1e-6), 4);
  const float ends[] = {0, -0.0F, 20, 88, infinity, -infinity};
  float y[6];
  findUnaryRow<float>("sigmoid")(ends, y, 6, 0, 0);
  const float expected[] = {0.5F, 0.5F, 1, 1, 1, 0};
  for (size_t i = 0; i < 6; ++i)
    EXPECT_EQ(y[i], expected[i]) << ends[i];
}

TEST(Exponential, EndsOfTheRange) {
  struct Case {
    float x, expected;
  };
  for (Case test : {Case{0.0F, 1}, Case{-0.0F, 1}, Case{-1e-30F, 1},
                    Case{-infinity, 0}, Case{-65504, 0}, Case{-87.34F, 0},
                    Case{88.73F, infinity}, Case{infinity, infinity}})
    for (size_t count : {1, 17}) {
      std::vector<float> row(count, test.x);
      findUnaryRow<float>("exp")(row.data(), row.data(),
                                 static_cast<int64_t>(count), 0, 0);
      for (float y : row)
        EXPECT_EQ(y, test.expected) << test.x;
    }
}

TEST(Exponential, NotANumberStaysAmongOthers) {
  for (float other : {-3.0F, -100.0F, 3.0F})
    for (const char *name : {"exp", "sigmoid", "silu"}) {
      std::vector<float> row(33, other);
      row[5] = row[32] = std::numeric_limits<float>::quiet_NaN();
      findUnaryRow<float>(name)(row.data(), row.data(), 33, 0, 0);
      for (size_t i = 0; i < row.size(); ++i)
        EXPECT_EQ(std::isnan(row[i]), i == 5 || i == 32) << name << " " << i;
    }
}

} // namespace
