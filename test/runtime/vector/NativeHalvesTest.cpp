//===- NativeHalvesTest.cpp - Arithmetic of CPUs on halves ----------------===//
//
// Every half with several hundred others, against float arithmetic that is
// rounded once.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/NativeHalves.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

using namespace anec::rt;

namespace {

half halfOf(uint16_t bits) {
  half number;
  std::memcpy(&number, &bits, sizeof(bits));
  return number;
}

uint16_t bitsOf(half number) {
  uint16_t bits;
  std::memcpy(&bits, &number, sizeof(bits));
  return bits;
}

/// Zeros, subnormals, powers of two and their neighbours, the largest, inf and
/// NaN, both signs; in between, steps that meet every exponent.
std::vector<uint16_t> others() {
  std::vector<uint16_t> bits;
  for (uint32_t number = 0; number < 0x8000; number += 211)
    bits.push_back(static_cast<uint16_t>(number));
  for (uint32_t exponent = 0; exponent < 32; ++exponent)
    for (uint32_t fraction : {0x000u, 0x001u, 0x3FFu})
      bits.push_back(static_cast<uint16_t>(exponent << 10 | fraction));
  for (size_t i = 0, count = bits.size(); i < count; ++i)
    bits.push_back(bits[i] | 0x8000);
  return bits;
}

float compute(std::string_view name, half x, half y) {
  const float a = x, b = y;
  return name == "add" ? a + b : name == "sub" ? a - b : a * b;
}

TEST(NativeHalves, SameBitsAsFloatRoundedOnce) {
  for (std::string_view name : {"add", "sub", "mul"}) {
    const BinaryRow<half> row = findNativeBinaryRow(name);
    if (!row)
      GTEST_SKIP() << "this CPU computes halves in float";
    std::vector<half> x, z(65536);
    for (uint32_t bits = 0; bits < 65536; ++bits)
      x.push_back(halfOf(static_cast<uint16_t>(bits)));
    for (uint16_t other : others()) {
      const std::vector<half> y(x.size(), halfOf(other));
      row(x.data(), y.data(), z.data(), 65536);
      for (size_t i = 0; i < x.size(); ++i) {
        const half expected = static_cast<half>(compute(name, x[i], y[i]));
        if (std::isnan(static_cast<float>(expected)))
          ASSERT_TRUE(std::isnan(static_cast<float>(z[i])));
        else
          ASSERT_EQ(bitsOf(z[i]), bitsOf(expected))
              << name << " of " << i << " and " << other;
      }
    }
  }
}

TEST(NativeHalves, RowsOfEveryLengthInPlace) {
  const BinaryRow<half> row = findNativeBinaryRow("mul");
  if (!row)
    GTEST_SKIP() << "this CPU computes halves in float";
  for (int64_t count = 0; count <= 70; ++count) {
    std::vector<half> x(72, half(3)), y(72, half(0.5));
    row(x.data(), y.data(), x.data(), count);
    for (int64_t i = 0; i < 72; ++i)
      EXPECT_EQ(static_cast<float>(x[static_cast<size_t>(i)]),
                i < count ? 1.5F : 3.0F);
  }
}

TEST(NativeHalves, NoOtherFunctions) {
  EXPECT_EQ(findNativeBinaryRow("maximum"), nullptr);
  EXPECT_EQ(findNativeBinaryRow(""), nullptr);
}

} // namespace
