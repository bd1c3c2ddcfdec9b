//===- RandomTest.cpp - Counter-based random numbers ----------------------===//
//
// Vectors: kat_vectors of Random123 (philox4x32, 10 rounds).
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

using namespace anec::rt;

namespace {

using Words = std::array<uint32_t, 4>;

TEST(Random, PhiloxPublishedVectors) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                   {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                   {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  RandomStream stream(7, 3);
  const int count = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < count; ++i) {
    double value = stream.normal(static_cast<uint64_t>(i));
    sum += value;
    squares += value * value;
  }
  // Five standard deviations of the two estimates.
  EXPECT_LT(std::abs(sum / count), 5 / std::sqrt(count));
  EXPECT_LT(std::abs(squares / count - 1), 5 * std::sqrt(2.0 / count));
}

TEST(Random, ManyNormalsAreTheSameAsSingleOnes) {
  RandomStream stream(3, 1);
  for (uint64_t first : {0, 1, 7})
    for (size_t count : {0, 1, 2, 5, 8}) {
      std::vector<double> values(count);
      stream.normals(first, Span<double>(values));
      for (size_t i = 0; i < count; ++i)
        EXPECT_EQ(values[i], stream.normal(first + i));
    }
}

/// By the definitions in Random.h, from blocks that published vectors check.
TEST(Random, NormalsFollowBoxAndMuller) {
  const uint64_t seed = 0x123456789ABCDEF0, stream = 0xFEDCBA987654321;
  RandomStream random(seed, stream);
  const uint64_t tagged = stream << 2 | 2;
  for (uint64_t block :
       {0ULL, 1ULL, 1000003ULL, (1ULL << 32) - 1, 1ULL << 40}) {
    const Words words = philox({uint32_t(block), uint32_t(block >> 32),
                                uint32_t(tagged), uint32_t(tagged >> 32)},
                               {uint32_t(seed), uint32_t(seed >> 32)});
    auto uniform = [&](size_t i) {
      return double((uint64_t(words[i]) << 32 | words[i + 1]) >> 11) * 0x1p-53;
    };
    const double radius = std::sqrt(-2 * std::log(1 - uniform(0)));
    const double angle = 2 * std::acos(-1.0) * uniform(2);
    // A few units in the last place of the radius: an angle near 2 pi has an
    // error of its own last place.
    const double tolerance = 16 * radius * 0x1p-53;
    EXPECT_NEAR(random.normal(2 * block), radius * std::cos(angle), tolerance);
    EXPECT_NEAR(random.normal(2 * block + 1), radius * std::sin(angle),
                tolerance);
  }
}

TEST(Random, ManyNormalsGoOnBeyondOnePart) {
  RandomStream stream(3, 1);
  std::vector<float> values(2000);
  stream.normals(5, Span<float>(values));
  for (size_t i : {0, 500, 505, 506, 507, 508, 1018, 1019, 1020, 1999})
    EXPECT_EQ(values[i], float(stream.normal(5 + i))) << i;
}

TEST(Random, UniformStaysInRange) {
  RandomStream stream(1);
  double sum = 0;
  for (uint64_t i = 0; i < 10000; ++i) {
    double value = stream.uniform(i);
    EXPECT_GE(value, 0);
    EXPECT_LT(value, 1);
    EXPECT_LT(stream.below(i, 10), 10u);
    sum += value;
  }
  EXPECT_LT(std::abs(sum / 10000 - 0.5), 5 * std::sqrt(1.0 / 12 / 10000));
}

TEST(Random, StreamsDiffer) {
  EXPECT_NE(RandomStream(1, 0).bits(0), RandomStream(1, 1).bits(0));
  EXPECT_NE(RandomStream(1, 0).bits(0), RandomStream(2, 0).bits(0));
  EXPECT_EQ(RandomStream(1, 5).bits(9), RandomStream(1, 5).bits(9));
}

} // namespace
