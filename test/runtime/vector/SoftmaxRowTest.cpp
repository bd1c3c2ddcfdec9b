//===- SoftmaxRowTest.cpp - Softmax of rows of halves ---------------------===//
//
// Over lengths around every group, against exponentials and sums in double.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/SoftmaxRow.h"
#include "runtime/support/Random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace anec::rt;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<half> softmax(const std::vector<half> &x) {
  std::vector<half> y(x.size(), half(7));
  std::vector<float> scratch(x.size() + 64);
  softmaxRow(x.data(), y.data(), scratch.data(),
             static_cast<int64_t>(x.size()));
  return y;
}

/// A half is off by 2^-11 of the number or by 2^-25; exp and the sum in float
/// by less than 2^-20.
void check(const std::vector<half> &x) {
  double largest = -infinity, sum = 0;
  for (half number : x)
    largest = std::max(largest, static_cast<double>(number));
  for (half number : x)
    sum += std::exp(static_cast<double>(number) - largest);
  const std::vector<half> y = softmax(x);
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = std::exp(static_cast<double>(x[i]) - largest) / sum;
    ASSERT_NEAR(static_cast<double>(y[i]), expected,
                expected * (0x1p-11 + 0x1p-20) + 0x1p-25)
        << i << " of " << x.size();
  }
}

std::vector<half> scores(size_t count) {
  RandomStream random(11);
  std::vector<half> x(count);
  for (size_t i = 0; i < count; ++i)
    x[i] = static_cast<half>(3 * random.normal(i));
  return x;
}

TEST(SoftmaxRow, EveryLength) {
  for (size_t count = 1; count <= 200; ++count)
    check(scores(count));
  softmaxRow(nullptr, nullptr, nullptr, 0);
}

/// What a mask covers is 0, whether it ends the row or not.
TEST(SoftmaxRow, Masked) {
  for (float mask : {-60000.0F, -infinity})
    for (size_t count : {64, 70, 256, 300})
      for (size_t first = 0; first < count; first += 13)
        for (size_t size : {size_t(1), size_t(64), size_t(150), count}) {
          std::vector<half> x = scores(count);
          for (size_t i = first; i < std::min(count, first + size); ++i)
            if (i > 0)
              x[i] = static_cast<half>(mask);
          check(x);
        }
}

TEST(SoftmaxRow, LargeAndEqualNumbers) {
  check(std::vector<half>(100, half(65504)));
  check(std::vector<half>(100, half(-65504)));
  std::vector<half> x = scores(100);
  x[99] = half(65504);
  check(x);
}

TEST(SoftmaxRow, InPlace) {
  std::vector<half> x = scores(150);
  const std::vector<half> y = softmax(x);
  std::vector<float> scratch(192);
  softmaxRow(x.data(), x.data(), scratch.data(), 150);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(static_cast<float>(x[i]), static_cast<float>(y[i]));
}

/// As in IEEE 754: inf - inf, and 0 / 0 where everything is masked.
TEST(SoftmaxRow, NotNumbers) {
  for (size_t count : {5, 64, 130}) {
    for (size_t place : {size_t(0), count / 2, count - 1})
      for (float number : {std::numeric_limits<float>::quiet_NaN(), infinity}) {
        std::vector<half> x = scores(count);
        x[place] = static_cast<half>(number);
        EXPECT_TRUE(std::isnan(static_cast<float>(softmax(x)[place])));
      }
    const std::vector<half> masked(count, static_cast<half>(-infinity));
    for (half y : softmax(masked))
      EXPECT_TRUE(std::isnan(static_cast<float>(y)));
  }
}

} // namespace
