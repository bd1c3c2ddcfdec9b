//===- ConvertTest.cpp - Between float widths -----------------------------===//
//
// Expected values from IEEE 754 binary16; vectors against single conversions.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace anec::rt;

namespace {

half fromBits(uint16_t bits) {
  half value;
  std::memcpy(&value, &bits, 2);
  return value;
}

uint16_t toBits(half value) {
  uint16_t bits;
  std::memcpy(&bits, &value, 2);
  return bits;
}

TEST(Convert, EveryHalfSurvivesTheWayThroughFloat) {
  std::vector<half> halves(65536), back(65536);
  for (uint32_t i = 0; i < 65536; ++i)
    halves[i] = fromBits(static_cast<uint16_t>(i));
  std::vector<float> floats(65536);
  convert(halves.data(), floats.data(), 65536);
  convert(floats.data(), back.data(), 65536);
  for (uint32_t i = 0; i < 65536; ++i) {
    if (std::isnan(floats[i]))
      EXPECT_TRUE(std::isnan(static_cast<float>(back[i])));
    else
      EXPECT_EQ(toBits(back[i]), i);
  }
}

TEST(Convert, NarrowingRoundsToNearestEven) {
  // 33 elements: whole vectors and a rest.
  const std::vector<std::pair<float, uint16_t>> cases = {
      {1.0f, 0x3c00},       {-2.0f, 0xc000},      {65504.0f, 0x7bff},
      {65519.0f, 0x7bff},   {65520.0f, 0x7c00},   {0x1p-24f, 0x0001},
      {0x1p-25f, 0x0000},   {0x1.8p-25f, 0x0001}, {0x1.002p0f, 0x3c00},
      {0x1.006p0f, 0x3c02}, {-0.0f, 0x8000}};
  std::vector<float> from;
  for (int repeat = 0; repeat < 3; ++repeat)
    for (const auto &item : cases)
      from.push_back(item.first);
  std::vector<half> to(from.size());
  convert(from.data(), to.data(), static_cast<int64_t>(from.size()));
  for (size_t i = 0; i < to.size(); ++i)
    EXPECT_EQ(toBits(to[i]), cases[i % cases.size()].second) << from[i];
}

TEST(Convert, DoubleToHalfRoundsOnce) {
  // Just above the midpoint of 1 and 1 + 2^-10: through float it would first
  // become the midpoint and then 1.
  double value = 1 + 0x1p-11 + 0x1p-40;
  half result;
  convert(&value, &result, 1);
  EXPECT_EQ(toBits(result), 0x3c01);
}

} // namespace
