//===- ScalarMathTest.cpp - Functions that go element by element ----------===//
//
// Against the C library in double, rounded once or through float.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/VectorMath.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace anec::rt;

namespace {

/// All of them, NaN and infinity too.
std::vector<half> allHalves() {
  std::vector<half> halves(65536);
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto narrow = static_cast<uint16_t>(bits);
    std::memcpy(&halves[bits], &narrow, sizeof(narrow));
  }
  return halves;
}

void expectSame(float result, float expected, const char *what, float x) {
  if (std::isnan(expected))
    EXPECT_TRUE(std::isnan(result)) << what << " of " << x;
  else
    EXPECT_EQ(result, expected) << what << " of " << x;
}

TEST(ScalarMath, PowersOfAllHalves) {
  const std::vector<half> x = allHalves();
  for (float exponent : {-0.5F, 0.5F, -1.5F, 2.0F, 0.0F}) {
    const std::vector<half> y(x.size(), static_cast<half>(exponent));
    std::vector<half> z(x.size());
    findBinaryRow<half>("pow")(x.data(), y.data(), z.data(),
                               static_cast<int64_t>(x.size()));
    for (size_t i = 0; i < x.size(); ++i)
      expectSame(static_cast<float>(z[i]),
                 static_cast<float>(static_cast<half>(static_cast<float>(
                     std::pow(static_cast<double>(x[i]), exponent)))),
                 "pow", static_cast<float>(x[i]));
  }
}

TEST(ScalarMath, PowersOfDoublesToFourUnits) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> x = {0.0, -0.0, infinity, -infinity, -2.0, 5e-324, 1e308};
  for (double number = 1e-6; number < 1e6; number *= 1.001)
    x.push_back(number);
  const std::vector<double> y(x.size(), -0.5);
  std::vector<double> z(x.size());
  findBinaryRow<double>("pow")(x.data(), y.data(), z.data(),
                               static_cast<int64_t>(x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = std::pow(x[i], -0.5);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(z[i])) << x[i];
    else if (std::isinf(expected))
      EXPECT_EQ(z[i], expected) << x[i];
    else
      EXPECT_NEAR(z[i], expected, 4 * 0x1p-53 * expected) << x[i];
  }
}

TEST(ScalarMath, RowsOfHalvesOfEveryLengthInPlace) {
  const UnaryRow<half> row = findUnaryRow<half>("exp2");
  for (int64_t count : {0, 1, 255, 256, 257, 600}) {
    std::vector<half> x(601, half(3));
    row(x.data(), x.data(), count, 0, 0);
    for (int64_t i = 0; i < 601; ++i)
      EXPECT_EQ(static_cast<float>(x[static_cast<size_t>(i)]),
                i < count ? 8.0F : 3.0F);
  }
}

} // namespace
