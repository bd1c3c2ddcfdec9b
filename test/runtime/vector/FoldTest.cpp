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

} // namespace
