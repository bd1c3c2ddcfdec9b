//===- FoldTest.cpp - Sums and largest elements of rows -------------------===//
//
// Over lengths around every group of parts, against sums in double and against
// std::max_element.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Random.h"
#include "runtime/vector/VectorMath.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace anec::rt;

namespace {

template <typename T> std::vector<T> numbers(int64_t count) {
  RandomStream random(7);
  std::vector<T> row;
  for (int64_t i = 0; i < count; ++i)
    row.push_back(static_cast<T>(random.normal(static_cast<uint64_t>(i))));
  return row;
}

/// Each addition rounds once, relative to what has been added so far.
double tolerance(const std::vector<float> &row) {
  double magnitude = 0;
  for (float x : row)
    magnitude += std::abs(x);
  return 0x1p-24 * magnitude * static_cast<double>(row.size());
}

TEST(Fold, SumsOfEveryLength) {
  for (int64_t count = 0; count <= 200; ++count) {
    const std::vector<float> row = numbers<float>(count);
    double sum = 0;
    for (float x : row)
      sum += x;
    EXPECT_NEAR(sumRow(row.data(), count), sum, tolerance(row)) << count;
  }
}

TEST(Fold, LargestOfEveryLength) {
  for (int64_t count = 1; count <= 200; ++count) {
    const std::vector<float> row = numbers<float>(count);
    EXPECT_EQ(maxRow(row.data(), count),
              *std::max_element(row.begin(), row.end()));
    const std::vector<double> wide(row.begin(), row.end());
    EXPECT_EQ(maxRow(wide.data(), count),
              *std::max_element(wide.begin(), wide.end()));
  }
  EXPECT_EQ(maxRow(static_cast<const float *>(nullptr), 0),
            -std::numeric_limits<float>::infinity());
}

TEST(Fold, NaNIsTheLargestAnywhere) {
  std::vector<float> row = numbers<float>(150);
  for (float &x : row) {
    const float before = x;
    x = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(maxRow(row.data(), 150)));
    x = before;
  }
}

TEST(Fold, LargestMagnitudesOfEveryLength) {
  for (int64_t count = 0; count <= 100; ++count) {
    // What lies beyond stays as it is.
    std::vector<half> largest(101, half(0.5));
    std::vector<float> expected(101, 0.5F);
    for (int64_t row = 0; row < 3; ++row) {
      RandomStream random(static_cast<uint64_t>(row));
      std::vector<half> x(101);
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<half>(random.normal(i));
      foldMagnitudes(x.data(), largest.data(), count);
      for (size_t i = 0; i < static_cast<size_t>(count); ++i)
        expected[i] = std::max(expected[i], std::abs(static_cast<float>(x[i])));
    }
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_EQ(static_cast<float>(largest[i]), expected[i]) << count;
  }
}

TEST(Fold, HalvesAddedToFloats) {
  for (int64_t count = 0; count <= 100; ++count) {
    const std::vector<half> x = numbers<half>(101);
    // What lies beyond stays as it is; a float and a half make one float.
    std::vector<float> sums = numbers<float>(101), expected = sums;
    addHalves(x.data(), sums.data(), count);
    for (size_t i = 0; i < static_cast<size_t>(count); ++i)
      expected[i] = expected[i] + static_cast<float>(x[i]);
    EXPECT_EQ(sums, expected) << count;
  }
}

TEST(Fold, MagnitudesOfNaNAndInfinity) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (int64_t count : {1, 40}) {
    const auto size = static_cast<size_t>(count);
    for (float sign : {1.0F, -1.0F}) {
      std::vector<half> largest(size, half(2));
      foldMagnitudes(std::vector<half>(size, half(sign * infinity)).data(),
                     largest.data(), count);
      EXPECT_EQ(static_cast<float>(largest[0]), infinity);
      foldMagnitudes(
          std::vector<half>(size, half(std::copysign(nan, sign))).data(),
          largest.data(), count);
      foldMagnitudes(std::vector<half>(size, half(infinity)).data(),
                     largest.data(), count);
      for (half number : largest)
        EXPECT_TRUE(std::isnan(static_cast<float>(number)));
    }
  }
}

} // namespace
