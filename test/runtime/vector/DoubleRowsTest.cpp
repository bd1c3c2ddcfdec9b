//===- DoubleRowsTest.cpp - Rows that are summed in double ----------------===//
//
// The bits of the definitions in DoubleRows.h, element by element.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/DoubleRows.h"

#include <gtest/gtest.h>

#include <vector>

using namespace anec::rt;

namespace {

template <typename T> class DoubleRows : public testing::Test {
protected:
  /// Beyond it nothing may change.
  static constexpr int64_t guard = 9;

  template <typename U>
  static std::vector<U> numbers(int64_t count, int64_t seed) {
    std::vector<U> all;
    for (int64_t i = 0; i < count + guard; ++i)
      all.push_back(U((i * 7919 + seed * 104729) % 1009 - 500) / U(37));
    return all;
  }
};

using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(DoubleRows, Reals);

TYPED_TEST(DoubleRows, FollowTheirDefinitions) {
  using T = TypeParam;
  const double factor = 1.0 / 3;
  for (int64_t count : {0, 1, 7, 8, 9, 64, 67}) {
    const auto x = this->template numbers<T>(count, 1);
    const auto y = this->template numbers<T>(count, 2);
    const auto scale = this->template numbers<double>(count, 3);
    const auto share = this->template numbers<double>(count, 4);
    auto sum = scale;
    auto scaled = y, difference = y;
    auto expectedSum = sum;
    auto expectedScaled = y, expectedDifference = y;
    for (size_t i = 0; i < size_t(count); ++i) {
      expectedSum[i] += factor * double(x[i]) * double(y[i]);
      expectedScaled[i] = T(factor * (double(x[i]) * scale[i]));
      expectedDifference[i] =
          T(factor * double(x[i]) * scale[i] - double(y[i]) * share[i]);
    }
    addProducts(factor, x.data(), y.data(), sum.data(), count);
    scaleRow(factor, x.data(), scale.data(), scaled.data(), count);
    scaleAndSubtract(factor, x.data(), scale.data(), y.data(), share.data(),
                     difference.data(), count);
    EXPECT_EQ(sum, expectedSum) << count;
    EXPECT_EQ(scaled, expectedScaled) << count;
    EXPECT_EQ(difference, expectedDifference) << count;
  }
}

} // namespace
