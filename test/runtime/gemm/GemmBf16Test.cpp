//===- GemmBf16Test.cpp - Products of operands rounded to bf16 ------------===//
//
// With multiply-adds and, where the machine has them, with dot products and on
// matrix units, against three loops in double over operands that are rounded by
// other means.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Bf16.h"
#include "runtime/gemm/Gemm.h"
#include "runtime/gemm/MatrixUnit.h"
#include "runtime/support/ThreadPool.h"
#include "test/runtime/gemm/TestMatrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

using namespace anec::rt;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// The nearest number of 8 significant bits, the even one of two: nearbyint
/// rounds so in the default mode. For normal numbers that do not overflow.
double roundToBf16(double x) {
  int exponent = 0;
  std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(x, 8 - exponent)), exponent - 8);
}

/// Products of two numbers of 8 bits are exact in f32, so that only sums are
/// rounded: k times, in whatever order, each time by at most 2^-24 of a sum
/// that is no larger than the sum of magnitudes; then by alpha, once where C is
/// added, and once to the type of C (`unit`; the last term is half the smallest
/// half). To first order; 4 in place of 2 covers the higher ones.
double tolerance(int64_t k, double magnitude, double result, double unit) {
  return double(k + 4) * 0x1p-24 * magnitude + unit * std::abs(result) +
         (unit > 0x1p-24 ? 0x1p-25 : 0);
}

enum class Unit { MultiplyAdd, DotProduct, Amx, Accelerate };

MatrixUnit matrixUnitOf(Unit unit) {
  return unit == Unit::Amx          ? MatrixUnit::Amx
         : unit == Unit::Accelerate ? MatrixUnit::Accelerate
                                    : MatrixUnit::None;
}

class GemmBf16 : public testing::TestWithParam<Unit> {
protected:
  void SetUp() override {
    const bool isDot = GetParam() == Unit::DotProduct;
    if (!useMatrixUnit(matrixUnitOf(GetParam())) ||
        !setBf16Arithmetic(isDot ? Bf16Arithmetic::DotProduct
                                 : Bf16Arithmetic::MultiplyAdd))
      GTEST_SKIP() << "this CPU, or what the test leaves of it, has none";
  }
  void TearDown() override {
    setBf16Arithmetic(before);
    useMatrixUnit(unitBefore);
  }

  const Bf16Arithmetic before = bf16Arithmetic();
  const MatrixUnit unitBefore = matrixUnit();
};

INSTANTIATE_TEST_SUITE_P(Unit, GemmBf16,
                         testing::Values(Unit::MultiplyAdd, Unit::DotProduct,
                                         Unit::Amx, Unit::Accelerate),
                         [](const auto &info) -> std::string {
                           return info.param == Unit::MultiplyAdd
                                      ? "MultiplyAdd"
                                  : info.param == Unit::DotProduct
                                      ? "DotProduct"
                                  : info.param == Unit::Amx ? "Amx"
                                                            : "Accelerate";
                         });

template <typename T>
std::vector<double> roundedElements(const TestMatrix<T> &matrix) {
  std::vector<double> rounded;
  for (T element : matrix.elements)
    rounded.push_back(roundToBf16(double(element)));
  return rounded;
}

template <typename TA, typename TB, typename TC>
void checkRounded(int64_t m, int64_t n, int64_t k, Order orderA, Order orderB,
                  Order orderC, double alpha, GemmMode mode) {
  TestMatrix<TA> a(m, k, orderA, 1);
  TestMatrix<TB> b(k, n, orderB, 2);
  TestMatrix<TC> c(m, n, orderC, 3);
  TestMatrix<TC> expected = c;
  ThreadPool pool(2);
  gemm(m, n, k, alpha, a.view(), b.view(), mode, c.result(), pool,
       {GemmPrecision::Bf16});
  const double unit = sizeof(TC) == 2 ? 0x1p-11 : 0x1p-24;
  const std::vector<double> left = roundedElements(a);
  const std::vector<double> right = roundedElements(b);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0, magnitude = 0;
      for (int64_t p = 0; p < k; ++p) {
        const double term = alpha *
                            left[size_t(i * a.rowStride + p * a.columnStride)] *
                            right[size_t(p * b.rowStride + j * b.columnStride)];
        sum += term;
        magnitude += std::abs(term);
      }
      if (mode == GemmMode::Accumulate) {
        sum += double(expected.at(i, j));
        magnitude += std::abs(double(expected.at(i, j)));
      }
      ASSERT_NEAR(double(c.at(i, j)), sum, tolerance(k, magnitude, sum, unit))
          << m << "x" << n << "x" << k << " at " << i << "," << j;
      expected.at(i, j) = c.at(i, j);
    }
  // Nothing outside C was written.
  EXPECT_EQ(std::memcmp(expected.elements.data(), c.elements.data(),
                        c.elements.size() * sizeof(TC)),
            0);
}

TEST_P(GemmBf16, ShapesAroundTheBlocks) {
  for (int64_t m : {1, 2, 6, 13, 14, 15, 29})
    for (int64_t n : {1, 15, 16, 31, 32, 33, 70})
      for (int64_t k : {1, 2, 3, 5, 8, 17, 63, 64, 65, 127})
        checkRounded<half, float, float>(m, n, k, Order::Rows, Order::Columns,
                                         Order::Rows, 1, GemmMode::Overwrite);
}

TEST_P(GemmBf16, AllStrides) {
  for (Order a : {Order::Rows, Order::Columns, Order::Neither})
    for (Order b : {Order::Rows, Order::Columns, Order::Neither})
      for (Order c : {Order::Rows, Order::Columns, Order::Neither})
        for (GemmMode mode : {GemmMode::Overwrite, GemmMode::Accumulate}) {
          checkRounded<half, half, float>(37, 45, 51, a, b, c, 1, mode);
          checkRounded<float, float, float>(37, 45, 51, a, b, c, 0.5, mode);
          checkRounded<half, float, half>(37, 45, 131, a, b, c, 2, mode);
          checkRounded<float, half, float>(17, 33, 64, a, b, c, 1, mode);
        }
}

/// Odd numbers of terms that do not fit slices or blocks of them either.
TEST_P(GemmBf16, SeveralBlocksOfEveryLoop) {
  checkRounded<float, float, float>(300, 40, 31, Order::Rows, Order::Columns,
                                    Order::Rows, 1, GemmMode::Accumulate);
  checkRounded<float, float, float>(30, 1601, 21, Order::Rows, Order::Rows,
                                    Order::Rows, 1, GemmMode::Accumulate);
  checkRounded<half, half, half>(20, 40, 1701, Order::Rows, Order::Rows,
                                 Order::Rows, 1, GemmMode::Accumulate);
  for (Order b : {Order::Rows, Order::Columns})
    checkRounded<float, half, float>(40, 801, 2503, Order::Columns, b,
                                     Order::Rows, 1, GemmMode::Overwrite);
}

/// Each of `numbers` after a product with 1, which is exact, as an element of
/// the left and of the right operand.
template <typename T>
void expectRounded(const std::vector<T> &numbers,
                   const std::vector<float> &expected) {
  const std::vector<float> one = {1};
  const std::vector<float> asLeft =
      multiplyAlone(numbers, one, GemmPrecision::Bf16);
  const std::vector<float> asRight =
      multiplyAlone(one, numbers, GemmPrecision::Bf16);
  for (size_t i = 0; i < numbers.size(); ++i) {
    EXPECT_EQ(asLeft[i], expected[i]) << float(numbers[i]) << " left";
    EXPECT_EQ(asRight[i], expected[i]) << float(numbers[i]) << " right";
  }
}

/// bf16 has 8 significant bits: numbers from 1 to 2 are 2^-7 apart.
TEST_P(GemmBf16, OperandsAreRoundedToNearestEven) {
  expectRounded<float>({1 + 0x1p-8F, 1 + 0x3p-8F, 1 + 0x1p-8F + 0x1p-23F,
                        1 + 0x1p-8F - 0x1p-23F, -1 - 0x3p-8F, 0x1.FEp0F,
                        0x1.FFp0F, 0x1p-126F, 65504.0F},
                       {1, 1 + 0x2p-7F, 1 + 0x1p-7F, 1, -1 - 0x2p-7F, 0x1.FEp0F,
                        2, 0x1p-126F, 65536.0F});
  expectRounded<half>({half(1 + 0x1p-8F), half(1 + 0x3p-8F), half(65504.0F),
                       half(0x1p-24F), half(-0x1.FFp-15F)},
                      {1, 1 + 0x2p-7F, 65536.0F, 0x1p-24F, -0x1p-14F});
}

/// The largest number is 255 * 2^120; the next would be 2^128, so that numbers
/// from half way on become infinity.
TEST_P(GemmBf16, InfinityAndOverflow) {
  const float largest = 0x1.FEp127F;
  expectRounded<float>(
      {largest, 0x1.FEFFFEp127F, 0x1.FFp127F,
       -std::numeric_limits<float>::max(), infinity, -infinity},
      {largest, largest, infinity, -infinity, infinity, -infinity});
}

/// One whose mantissa is in bits that rounding takes away would end as
/// infinity, one of all ones as -0.
TEST_P(GemmBf16, NotANumberStaysSo) {
  const uint32_t bits[] = {0x7F800001U, 0x7FFFFFFFU, 0xFFFFFFFFU, 0x7FC00000U};
  std::vector<float> numbers(4);
  std::memcpy(numbers.data(), bits, sizeof(bits));
  for (float number :
       multiplyAlone(numbers, std::vector<float>{1}, GemmPrecision::Bf16))
    EXPECT_TRUE(std::isnan(number));
}

/// IEEE 754, in every place of an odd number of terms: 0 times NaN or infinity.
TEST_P(GemmBf16, SpecialNumbersPropagate) {
  constexpr int64_t m = 3, n = 40, k = 99;
  ThreadPool pool(1);
  for (float special : {std::nanf(""), infinity})
    for (int64_t place : {0, 1, 17, 34, 98})
      for (bool isLeft : {true, false}) {
        std::vector<float> a(m * k, isLeft ? 1 : 0), b(k * n, isLeft ? 0 : 1);
        (isLeft ? a[size_t(k + place)] : b[size_t(place * n + 33)]) = special;
        std::vector<float> c(m * n);
        gemm(m, n, k, 1, ConstMatrix(a.data(), k), ConstMatrix(b.data(), n),
             GemmMode::Overwrite, Matrix(c.data(), n), pool,
             {GemmPrecision::Bf16});
        for (int64_t i = 0; i < m; ++i)
          for (int64_t j = 0; j < n; ++j) {
            const float found = c[size_t(i * n + j)];
            if (isLeft ? i == 1 : j == 33)
              ASSERT_TRUE(std::isnan(found)) << special << " at " << place;
            else
              ASSERT_EQ(found, 0) << i << "," << j;
          }
      }
}

/// Below 2^-126 a number counts as itself, rounded, or as 0.
TEST_P(GemmBf16, TinyNumbersAreKeptOrZero) {
  const auto multiply = [](float left, float right) {
    return multiplyAlone(std::vector<float>{left}, std::vector<float>{right},
                         GemmPrecision::Bf16)[0];
  };
  const float factor = 0x1p100F;
  for (float number : {0x1p-127F, 0x1.8p-130F, -0x1p-133F}) {
    const float found = multiply(number, factor);
    EXPECT_TRUE(found == number * factor || found == 0) << number;
  }
  const float found = multiply(0x1p-70F, 0x1p-70F);
  EXPECT_TRUE(found == 0x1p-140F || found == 0);
}

TEST_P(GemmBf16, SameBitsForAnyNumberOfThreads) {
  TestMatrix<half> a(300, 1101, Order::Rows, 1);
  TestMatrix<half> b(1101, 500, Order::Columns, 2);
  std::vector<float> expected;
  for (int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    TestMatrix<float> c(300, 500, Order::Rows, 3);
    gemm(300, 500, 1101, 1, a.view(), b.view(), GemmMode::Accumulate,
         c.result(), pool, {GemmPrecision::Bf16});
    if (expected.empty())
      expected = c.elements;
    EXPECT_EQ(std::memcmp(expected.data(), c.elements.data(),
                          expected.size() * sizeof(float)),
              0);
  }
}

} // namespace
