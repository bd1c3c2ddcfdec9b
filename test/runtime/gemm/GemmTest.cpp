//===- GemmTest.cpp - Matrix product --------------------------------------===//
//
// Against three loops in double, over shapes around every block size, all
// strides and types; the same bits for any number of threads.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Gemm.h"
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/ThreadPool.h"
#include "test/runtime/gemm/TestMatrix.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

using namespace anec::rt;

namespace {

/// Rounding of the result plus k roundings of the sum, against the sum of
/// magnitudes; unit is half the spacing at 1.
double tolerance(double resultUnit, double sumUnit, int64_t k,
                 double magnitude) {
  return 2 *
         (resultUnit + sumUnit * std::sqrt(static_cast<double>(k + 4)) * 4) *
         (magnitude + 1);
}

template <typename T> constexpr double unit() {
  return sizeof(T) == 2 ? 0x1p-11 : sizeof(T) == 4 ? 0x1p-24 : 0x1p-53;
}

template <typename TA, typename TB, typename TC>
void check(int64_t m, int64_t n, int64_t k, Order orderA, Order orderB,
           Order orderC, double alpha, GemmMode mode,
           bool (*isZeroInB)(int64_t p, int64_t j) = nullptr) {
  TestMatrix<TA> a(m, k, orderA, 1);
  TestMatrix<TB> b(k, n, orderB, 2);
  for (int64_t p = 0; isZeroInB && p < k; ++p)
    for (int64_t j = 0; j < n; ++j)
      if (isZeroInB(p, j))
        b.at(p, j) = j % 2 == 0 ? TB(0.0) : TB(-0.0);
  TestMatrix<TC> c(m, n, orderC, 3);
  TestMatrix<TC> before = c;
  ThreadPool pool(2);
  gemm(m, n, k, alpha, a.view(), b.view(), mode, c.result(), pool);

  double sumUnit = sizeof(TC) == 8 ? 0x1p-53 : 0x1p-24;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0, magnitude = 0;
      for (int64_t p = 0; p < k; ++p) {
        double term =
            static_cast<double>(a.at(i, p)) * static_cast<double>(b.at(p, j));
        sum += term;
        magnitude += std::abs(term);
      }
      sum *= alpha;
      if (mode == GemmMode::Accumulate)
        sum += static_cast<double>(before.at(i, j));
      ASSERT_NEAR(static_cast<double>(c.at(i, j)), sum,
                  tolerance(unit<TC>(), sumUnit, k,
                            sizeof(TC) == 2 ? std::abs(sum) : magnitude))
          << m << "x" << n << "x" << k << " at " << i << "," << j;
      before.at(i, j) = c.at(i, j);
    }
  // Nothing outside C was written.
  EXPECT_EQ(std::memcmp(before.elements.data(), c.elements.data(),
                        c.elements.size() * sizeof(TC)),
            0);
}

TEST(Gemm, ShapesAroundTheBlocks) {
  for (int64_t m : {1, 2, 13, 14, 15, 29, 60})
    for (int64_t n : {1, 15, 16, 31, 32, 33, 70})
      for (int64_t k : {1, 3, 4, 5, 8, 17, 65})
        check<half, half, half>(m, n, k, Order::Rows, Order::Rows, Order::Rows,
                                1, GemmMode::Overwrite);
}

/// Sums that are long enough for matrix units, around tiles of 16 and 32 and
/// steps of 32 terms.
TEST(Gemm, ShapesAroundTheTiles) {
  for (int64_t m : {1, 15, 16, 17, 31, 33, 65})
    for (int64_t n : {1, 15, 16, 17, 33, 70})
      for (int64_t k : {63, 64, 65, 95, 97, 256, 257, 290}) {
        check<half, half, half>(m, n, k, Order::Rows, Order::Rows, Order::Rows,
                                1, GemmMode::Overwrite);
        check<half, float, float>(m, n, k, Order::Columns, Order::Columns,
                                  Order::Rows, 1, GemmMode::Accumulate);
      }
}

TEST(Gemm, SeveralBlocksOfEveryLoop) {
  check<float, float, float>(1100, 40, 30, Order::Rows, Order::Rows,
                             Order::Rows, 1, GemmMode::Overwrite);
  check<float, float, float>(30, 2200, 20, Order::Rows, Order::Rows,
                             Order::Rows, 1, GemmMode::Accumulate);
  check<half, half, half>(20, 40, 1700, Order::Rows, Order::Rows, Order::Rows,
                          1, GemmMode::Accumulate);
  check<half, half, half>(1030, 33, 700, Order::Rows, Order::Rows, Order::Rows,
                          1, GemmMode::Overwrite);
  check<float, half, float>(40, 1100, 2500, Order::Columns, Order::Rows,
                            Order::Rows, 1, GemmMode::Overwrite);
}

/// Large results whose rows begin at whole cache lines are written past the
/// caches: the same bits as one that is a float off, and nothing beside them.
TEST(Gemm, LargeResultsAlignedAndNot) {
  const int64_t m = 1027, n = 608, k = 21, stride = n + 32;
  TestMatrix<float> a(m, k, Order::Rows, 1), b(k, n, Order::Columns, 2);
  ThreadPool pool(2);
  AlignedBuffer<float> aligned(m * stride), shifted(m * stride + 1);
  std::fill_n(aligned.data(), m * stride, -7.0F);
  gemm(m, n, k, 0.5, a.view(), b.view(), GemmMode::Overwrite,
       Matrix(aligned.data(), stride), pool);
  gemm(m, n, k, 0.5, a.view(), b.view(), GemmMode::Overwrite,
       Matrix(shifted.data() + 1, stride), pool);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < stride; ++j)
      ASSERT_EQ(aligned.data()[i * stride + j],
                j < n ? shifted.data()[1 + i * stride + j] : -7.0F)
          << i << "," << j;
}

/// Zeros are skipped where whole panels of them begin or end the terms.
TEST(Gemm, ZerosInPlaces) {
  bool (*const shapes[])(int64_t, int64_t) = {
      [](int64_t p, int64_t j) { return p > j; },
      [](int64_t p, int64_t j) { return p < j; },
      [](int64_t p, int64_t j) { return p < 700 + j || p > 1900; },
      [](int64_t, int64_t j) { return j < 64; },
      [](int64_t p, int64_t) { return p % 50 < 40; }};
  for (auto isZero : shapes)
    for (Order order : {Order::Rows, Order::Columns}) {
      check<half, half, half>(30, 270, 256, Order::Rows, order, Order::Rows, 1,
                              GemmMode::Overwrite, isZero);
      check<float, half, float>(15, 70, 2500, Order::Rows, order, Order::Rows,
                                1, GemmMode::Accumulate, isZero);
      check<float, float, float>(40, 90, 300, order, Order::Rows,
                                 Order::Columns, 1, GemmMode::Overwrite,
                                 isZero);
    }
}

/// IEEE 754: 0 times infinity is NaN, also where zeros could be skipped.
TEST(Gemm, ZerosMeetInfinity) {
  constexpr int64_t m = 20, n = 40, k = 64;
  std::vector<half> a(m * k, half(1)), b(k * n, half(0)), c(m * n);
  b[0] = 1;
  a[3 * k + 50] = static_cast<half>(std::numeric_limits<float>::infinity());
  ThreadPool pool(1);
  PackedMatrix packed(m, k, MatrixType::F16);
  packed.pack(ConstMatrix(a.data(), k), pool);
  for (bool isPacked : {false, true}) {
    std::fill(c.begin(), c.end(), half(0));
    if (isPacked)
      gemm(n, 1, packed, ConstMatrix(b.data(), n), GemmMode::Overwrite,
           Matrix(c.data(), n), pool);
    else
      gemm(m, n, k, 1, ConstMatrix(a.data(), k), ConstMatrix(b.data(), n),
           GemmMode::Overwrite, Matrix(c.data(), n), pool);
    EXPECT_TRUE(std::isnan(static_cast<float>(c[3 * n])));
    EXPECT_TRUE(std::isnan(static_cast<float>(c[3 * n + 39])));
    EXPECT_EQ(static_cast<float>(c[0]), 1);
  }
}

/// The product written by columns, which is computed as the transposed one, has
/// the bits of that written by rows.
template <typename TA, typename TB>
void checkTransposedResult(int64_t m, int64_t n, int64_t k) {
  const TestMatrix<TA> a(m, k, Order::Rows, 1);
  const TestMatrix<TB> b(k, n, Order::Columns, 2);
  TestMatrix<float> byRows(m, n, Order::Rows, 3);
  TestMatrix<float> byColumns(m, n, Order::Columns, 3);
  ThreadPool pool(2);
  for (TestMatrix<float> *c : {&byRows, &byColumns})
    gemm(m, n, k, 1, a.view(), b.view(), GemmMode::Overwrite, c->result(),
         pool);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      ASSERT_EQ(byRows.at(i, j), byColumns.at(i, j)) << i << "," << j;
}

TEST(Gemm, SameBitsByRowsAndByColumns) {
  for (int64_t k : {50, 100, 1100}) {
    checkTransposedResult<half, half>(50, 90, k);
    checkTransposedResult<half, float>(50, 90, k);
    checkTransposedResult<float, half>(50, 90, k);
    checkTransposedResult<float, float>(50, 90, k);
  }
}

/// A product with a packed left operand, against the one of `check`.
template <typename T> void checkPacked(int64_t m, int64_t n, int64_t k) {
  TestMatrix<half> b(k, n, Order::Rows, 2);
  ThreadPool pool(2);
  for (Order order : {Order::Rows, Order::Columns, Order::Neither}) {
    TestMatrix<T> a(m, k, order, 1);
    PackedMatrix packed(m, k, matrixType(a.elements.data()));
    packed.pack(a.view(), pool);
    TestMatrix<float> expected(m, n, Order::Rows, 3);
    TestMatrix<float> found = expected;
    gemm(m, n, k, 0.5, a.view(), b.view(), GemmMode::Accumulate,
         expected.result(), pool);
    gemm(n, 0.5, packed, b.view(), GemmMode::Accumulate, found.result(), pool);
    EXPECT_EQ(expected.elements, found.elements) << m << "x" << n << "x" << k;
    TestMatrix<T> back(m, k, Order::Rows, 4);
    packed.unpack(back.result());
    for (int64_t i = 0; i < m; ++i)
      for (int64_t p = 0; p < k; ++p)
        ASSERT_EQ(back.at(i, p), a.at(i, p)) << i << "," << p;
  }
}

TEST(PackedMatrix, GivesTheBitsOfTheSameProduct) {
  for (int64_t m : {1, 13, 14, 29, 130})
    for (int64_t k : {1, 17, 384, 900}) {
      checkPacked<half>(m, 70, k);
      checkPacked<float>(m, 70, k);
    }
  checkPacked<half>(60, 1100, 2500);
  checkPacked<float>(60, 1100, 2500);
}

/// Packs rows or terms piece by piece and expects each value rounded by itself.
template <typename T>
void checkPieces(int64_t rows, int64_t depth, bool byRows, bool isTransposed) {
  SCOPED_TRACE(fmt::format("[{}, {}] {} {}", rows, depth,
                           byRows ? "rows" : "terms",
                           isTransposed ? "transposed" : ""));
  std::vector<float> values(static_cast<size_t>(rows * depth));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(float(i)) * 3;
  const ConstMatrix from = isTransposed ? ConstMatrix(values.data(), 1, rows)
                                        : ConstMatrix(values.data(), depth, 1);
  PackedMatrix packed(rows, depth, matrixType(static_cast<T *>(nullptr)));
  const int64_t step = byRows ? 2 * packed.panelRows() : 5;
  const int64_t count = byRows ? rows : depth;
  // From the end, so that nothing may be written beside a piece.
  for (int64_t first = (count - 1) / step * step; first >= 0; first -= step) {
    ConstMatrix piece = from;
    piece.data = static_cast<const float *>(from.data) +
                 first * (byRows ? from.rowStride : from.columnStride);
    const int64_t size = std::min(step, count - first);
    byRows ? packed.packRows(first, size, piece)
           : packed.packTerms(first, size, piece);
  }
  std::vector<T> found(values.size());
  packed.unpack(Matrix(found.data(), depth));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t p = 0; p < depth; ++p)
      ASSERT_EQ(
          found[size_t(i * depth + p)],
          static_cast<T>(
              values[size_t(isTransposed ? p * rows + i : i * depth + p)]))
          << i << ", " << p;
}

TEST(PackedMatrix, TakesRowsAndTermsInPieces) {
  for (int64_t rows : {1, 4, 6, 13, 30, 61})
    for (int64_t depth : {1, 7, 8, 37, 64, 107})
      for (bool byRows : {true, false})
        for (bool isTransposed : {true, false}) {
          checkPieces<half>(rows, depth, byRows, isTransposed);
          checkPieces<float>(rows, depth, byRows, isTransposed);
        }
}

TEST(PackedMatrix, RoundsOnceAndCanBeReplaced) {
  ThreadPool pool(1);
  // 1 + 2^-11 is half way between two fp16 numbers: the even one is 1.
  std::vector<float> values = {1 + 0x1p-11f, 3, -7, 1 + 0x1p-10f};
  PackedMatrix packed(2, 2, MatrixType::F16);
  packed.pack(ConstMatrix(values.data(), 2), pool);
  std::vector<half> found(4);
  packed.unpack(Matrix(found.data(), 2));
  EXPECT_EQ(found, (std::vector<half>{1, 3, -7, half(1 + 0x1p-10)}));
  packed.pack(ConstMatrix(values.data(), 2).transposed(), pool);
  packed.unpack(Matrix(found.data(), 2));
  EXPECT_EQ(found, (std::vector<half>{1, -7, 3, half(1 + 0x1p-10)}));
}

TEST(Gemm, AllStrides) {
  for (Order a : {Order::Rows, Order::Columns, Order::Neither})
    for (Order b : {Order::Rows, Order::Columns, Order::Neither})
      for (Order c : {Order::Rows, Order::Columns, Order::Neither})
        for (GemmMode mode : {GemmMode::Overwrite, GemmMode::Accumulate}) {
          check<half, half, half>(37, 45, 51, a, b, c, 1, mode);
          check<float, half, float>(37, 45, 51, a, b, c, 0.5, mode);
          check<half, float, half>(37, 45, 600, a, b, c, 2, mode);
          check<double, double, double>(37, 45, 51, a, b, c, -1.5, mode);
          check<half, half, half>(37, 45, 77, a, b, c, 1, mode);
          check<float, half, float>(37, 45, 77, a, b, c, 0.5, mode);
          check<float, float, float>(37, 45, 77, a, b, c, 1, mode);
        }
}

TEST(Gemm, EmptySums) {
  ThreadPool pool(1);
  std::vector<float> c = {1, 2, 3, 4};
  gemm(2, 2, 0, 1, ConstMatrix(c.data(), 1), ConstMatrix(c.data(), 1),
       GemmMode::Accumulate, Matrix(c.data(), 2), pool);
  EXPECT_EQ(c, (std::vector<float>{1, 2, 3, 4}));
  gemm(2, 2, 0, 1, ConstMatrix(c.data(), 1), ConstMatrix(c.data(), 1),
       GemmMode::Overwrite, Matrix(c.data(), 2), pool);
  EXPECT_EQ(c, (std::vector<float>{0, 0, 0, 0}));
}

/// Each column's sum over C times D beside C = alpha A B, against three loops
/// in double; c keeps what it would be without.
void checkDots(int64_t m, int64_t n, int64_t k, GemmMode mode) {
  TestMatrix<half> a(m, k, Order::Rows, 1), b(k, n, Order::Columns, 2);
  TestMatrix<float> c(m, n, Order::Rows, 3), d(m, n, Order::Rows, 4);
  TestMatrix<float> alone = c;
  const double alpha = 0.5;
  std::vector<double> sums(static_cast<size_t>(n), 3.0), same;
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    TestMatrix<float> result = c;
    same.assign(sums.size(), 3.0);
    const ColumnDots dots{d.elements.data(), d.rowStride, same.data()};
    gemm(m, n, k, alpha, a.view(), b.view(), mode, result.result(), pool,
         {GemmPrecision::Full, GemmPart::Whole, &dots});
    if (threads == 1)
      sums = same;
    EXPECT_EQ(sums, same);
    gemm(m, n, k, alpha, a.view(), b.view(), mode, (alone = c).result(), pool);
    EXPECT_EQ(alone.elements, result.elements);
  }
  for (int64_t j = 0; j < n; ++j) {
    double expected = 3, magnitude = 0;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t p = 0; p < k; ++p) {
        const double term = alpha * double(a.at(i, p)) * double(b.at(p, j)) *
                            double(d.at(i, j));
        expected += term;
        magnitude += std::abs(term);
      }
    // The roundings of the terms' sums and those over the rows of a tile.
    EXPECT_NEAR(sums[static_cast<size_t>(j)], expected,
                tolerance(0, 0x1p-24, k + 16, magnitude))
        << m << "x" << n << "x" << k << " at " << j;
  }
}

TEST(Gemm, DotsOfColumnsBesideTheProduct) {
  for (GemmMode mode : {GemmMode::Overwrite, GemmMode::Accumulate})
    for (int64_t m : {1, 13, 14, 29, 300})
      for (int64_t n : {1, 31, 32, 70})
        checkDots(m, n, 40, mode);
  // Several blocks of columns and of terms; results past the caches.
  checkDots(20, 800, 900, GemmMode::Overwrite);
  checkDots(800, 768, 9, GemmMode::Overwrite);
}

/// The sum of the squares of C beside it, against the elements of C, and the
/// same bits of both for any number of threads.
template <typename T>
void checkSquares(int64_t m, int64_t n, int64_t k, GemmMode mode, Order order) {
  TestMatrix<T> a(m, k, Order::Rows, 1), b(k, n, Order::Columns, 2);
  const TestMatrix<T> before(m, n, order, 3);
  TestMatrix<T> alone = before;
  ThreadPool pool(1);
  gemm(m, n, k, 0.5, a.view(), b.view(), mode, alone.result(), pool);
  double expected = 0, first = -1;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      expected += double(alone.at(i, j)) * double(alone.at(i, j));
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    TestMatrix<T> c = before;
    double squares = -1;
    GemmOptions options;
    options.squares = &squares;
    gemm(m, n, k, 0.5, a.view(), b.view(), mode, c.result(), pool, options);
    EXPECT_EQ(c.elements, alone.elements);
    // Of each tile, at most 14 times 32 squares and their sums are rounded.
    EXPECT_NEAR(squares, expected,
                expected * 450 * double(std::numeric_limits<T>::epsilon()))
        << m << "x" << n << "x" << k;
    EXPECT_EQ(squares, threads == 1 ? first = squares : first);
  }
}

TEST(Gemm, SquaresBesideTheProduct) {
  for (GemmMode mode : {GemmMode::Overwrite, GemmMode::Accumulate}) {
    for (int64_t m : {1, 13, 29, 300})
      for (int64_t n : {1, 31, 32, 70})
        for (Order order : {Order::Rows, Order::Columns}) {
          checkSquares<float>(m, n, 40, mode, order);
          checkSquares<double>(m, n, 40, mode, order);
        }
    // Several blocks of columns and of terms; results past the caches.
    checkSquares<float>(20, 800, 900, mode, Order::Rows);
    checkSquares<float>(800, 768, 9, mode, Order::Rows);
  }
}

TEST(Gemm, SquaresOfInfinity) {
  for (float number : {std::numeric_limits<float>::infinity(),
                       std::numeric_limits<float>::quiet_NaN()}) {
    TestMatrix<float> a(40, 8, Order::Rows, 1), b(8, 70, Order::Rows, 2);
    TestMatrix<float> c(40, 70, Order::Rows, 3);
    a.at(33, 2) = number;
    ThreadPool pool(2);
    double squares = 0;
    GemmOptions options;
    options.squares = &squares;
    gemm(40, 70, 8, 1, a.view(), b.view(), GemmMode::Overwrite, c.result(),
         pool, options);
    EXPECT_FALSE(std::isfinite(squares)) << number;
  }
}

TEST(Gemm, SameBitsForAnyNumberOfThreads) {
  TestMatrix<half> a(300, 1100, Order::Rows, 1);
  TestMatrix<half> b(1100, 500, Order::Columns, 2);
  std::vector<float> expected;
  for (int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    TestMatrix<float> c(300, 500, Order::Rows, 3);
    gemm(300, 500, 1100, 1, a.view(), b.view(), GemmMode::Accumulate,
         c.result(), pool);
    if (expected.empty())
      expected = c.elements;
    EXPECT_EQ(std::memcmp(expected.data(), c.elements.data(),
                          expected.size() * sizeof(float)),
              0);
  }
}

/// What is on and below the diagonal are the bits of the whole product; above
/// it are those or zeros, and some are.
template <typename C> void checkLower(int64_t m, int64_t n, int64_t k) {
  TestMatrix<half> a(m, k, Order::Columns, 1), b(k, n, Order::Rows, 2);
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    TestMatrix<C> expected(m, n, Order::Rows, 3), found = expected;
    gemm(m, n, k, 1, a.view(), b.view(), GemmMode::Overwrite, expected.result(),
         pool);
    gemm(m, n, k, 1, a.view(), b.view(), GemmMode::Overwrite, found.result(),
         pool, {GemmPrecision::Full, GemmPart::Lower});
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        if (j > i && found.at(i, j) == C(0))
          expected.at(i, j) = 0;
        ASSERT_EQ(found.at(i, j), expected.at(i, j)) << i << "," << j;
      }
    EXPECT_TRUE(n < 150 || found.at(0, n - 1) == C(0));
    EXPECT_EQ(found.elements, expected.elements); // and nothing beside them
  }
}

TEST(Gemm, LowerPart) {
  checkLower<half>(256, 256, 64);
  checkLower<float>(100, 200, 1500);
  checkLower<half>(30, 170, 20);
  checkLower<float>(170, 30, 20);
  checkLower<half>(3, 5, 2);
}

/// Where it cannot be had, all of C is computed.
TEST(Gemm, LowerPartOfOthers) {
  TestMatrix<float> a(200, 50, Order::Rows, 1), b(50, 200, Order::Rows, 2);
  ThreadPool pool(2);
  for (Order order : {Order::Columns, Order::Neither, Order::Rows}) {
    TestMatrix<float> expected(200, 200, order, 3), found = expected;
    const GemmMode mode =
        order == Order::Rows ? GemmMode::Accumulate : GemmMode::Overwrite;
    gemm(200, 200, 50, 1, a.view(), b.view(), mode, expected.result(), pool);
    gemm(200, 200, 50, 1, a.view(), b.view(), mode, found.result(), pool,
         {GemmPrecision::Full, GemmPart::Lower});
    EXPECT_EQ(found.elements, expected.elements);
  }
}

/// Products that share a RepeatedRight, each against itself alone. Sizes of one
/// block, of several, and of so few operations that one thread packs.
TEST(Gemm, SameRightOperandAgain) {
  struct Size {
    int64_t m, n, k;
  };
  for (Size size : {Size{200, 256, 300}, Size{40, 1000, 70}, Size{3, 40, 50},
                    Size{100, 300, 1100}})
    for (Order order : {Order::Rows, Order::Columns})
      for (int threads : {1, 3}) {
        ThreadPool pool(threads);
        RepeatedRight right;
        TestMatrix<half> b(size.k, size.n, order, 1);
        TestMatrix<half> other(size.k, size.n, order, 2);
        for (uint64_t i = 0; i < 6; ++i) {
          // Another B in between, and the same numbers in other places.
          const TestMatrix<half> &from = i == 3 ? other : b;
          const int64_t n = i == 4 ? size.n - 1 : size.n;
          TestMatrix<half> a(size.m + int64_t(i), size.k, Order::Rows, 3 + i);
          TestMatrix<float> expected(a.rows, size.n, Order::Rows, 9);
          TestMatrix<float> found = expected;
          gemm(a.rows, n, size.k, 1, a.view(), from.view(), GemmMode::Overwrite,
               expected.result(), pool);
          gemm(a.rows, n, size.k, 1, a.view(), from.view(), GemmMode::Overwrite,
               found.result(), pool,
               {GemmPrecision::Full, GemmPart::Whole, nullptr, &right});
          EXPECT_EQ(expected.elements, found.elements) << i;
        }
      }
}

/// Terms that one left operand leaves out another one may need.
TEST(Gemm, SameRightOperandMeetsInfinity) {
  constexpr int64_t m = 20, n = 40, k = 64;
  std::vector<float> a(m * k, 1), b(k * n, 0), c(m * n);
  b[0] = 1;
  ThreadPool pool(2);
  RepeatedRight right;
  for (float number : {1.0F, std::numeric_limits<float>::infinity()}) {
    a[3 * k + 50] = number;
    gemm(m, n, k, 1, ConstMatrix(a.data(), k), ConstMatrix(b.data(), n),
         GemmMode::Overwrite, Matrix(c.data(), n), pool,
         {GemmPrecision::Full, GemmPart::Whole, nullptr, &right});
    EXPECT_EQ(std::isnan(c[3 * n]), number > 1);
    EXPECT_EQ(c[0], 1);
  }
}

/// Every number of fp16 that is finite.
std::vector<half> allHalves() {
  std::vector<half> numbers;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto pattern = static_cast<uint16_t>(bits);
    half number;
    std::memcpy(&number, &pattern, sizeof(number));
    if (std::isfinite(static_cast<float>(number)))
      numbers.push_back(number);
  }
  return numbers;
}

/// Two numbers of 11 bits have a product of 22, which f32 holds.
TEST(Gemm, ProductsOfHalvesAreExact) {
  const std::vector<half> left = allHalves();
  const std::vector<half> right = {
      half(1.0F),       half(-0x1.FFCp15F), half(0x1p-24F), half(-0x1.FF8p-15F),
      half(0x1.554p3F), half(0x1.004p0F),   half(0.0F)};
  const std::vector<float> found = multiplyAlone(left, right);
  for (size_t i = 0; i < left.size(); ++i)
    for (size_t j = 0; j < right.size(); ++j)
      ASSERT_EQ(found[i * right.size() + j], float(left[i]) * float(right[j]))
          << float(left[i]) << " * " << float(right[j]);
}

/// One rounding to nearest is 2^-24 at most; the sum of products of parts may
/// take one more of that size. At both ends of the range, too.
TEST(Gemm, ProductsOfFloatsAreRoundedOnceOrTwice) {
  std::vector<float> left = {std::numeric_limits<float>::max(),
                             -0x1.FF0001p127F,
                             0x1.FEFFFEp127F,
                             0x1.000002p-100F,
                             -0x1.FFFFFEp0F,
                             0x1.010101p60F,
                             0x1.FF7F7Ep-3F};
  for (uint64_t i = 0; i < 1000; ++i)
    left.push_back(float(RandomStream(5).normal(i)));
  const std::vector<float> right = {1, -0x1.FFFFFEp-1F, 0x1.018080p-7F,
                                    0x1.554321p-2F};
  const std::vector<half> rightHalves = {half(1.0F), half(-0x1.FFCp-1F)};
  const auto expectNear = [&](double found, double expected) {
    EXPECT_NEAR(found, expected, std::abs(expected) * 0x1p-23);
  };
  const std::vector<float> floats = multiplyAlone(left, right);
  const std::vector<float> mixed = multiplyAlone(left, rightHalves);
  for (size_t i = 0; i < left.size(); ++i) {
    for (size_t j = 0; j < right.size(); ++j)
      expectNear(floats[i * right.size() + j],
                 double(left[i]) * double(right[j]));
    for (size_t j = 0; j < rightHalves.size(); ++j)
      expectNear(mixed[i * rightHalves.size() + j],
                 double(left[i]) * double(rightHalves[j]));
  }
}

/// IEEE 754, element by element, where some operands are infinite or none.
template <typename T> void checkSpecialNumbers(int64_t k, GemmMode mode) {
  const int64_t m = 45, n = 71;
  TestMatrix<T> a(m, k, Order::Rows, 1), b(k, n, Order::Columns, 2);
  const float infinity = std::numeric_limits<float>::infinity();
  a.at(3, 5) = T(infinity);
  a.at(20, k - 1) = T(-infinity);
  a.at(40, 40) = T(std::nanf(""));
  b.at(5, 7) = T(0.0F);
  b.at(k - 1, 70) = T(infinity);
  b.at(33, 33) = T(-infinity);
  TestMatrix<float> c(m, n, Order::Rows, 3);
  const TestMatrix<float> before = c;
  ThreadPool pool(2);
  gemm(m, n, k, 1, a.view(), b.view(), mode, c.result(), pool);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum =
          mode == GemmMode::Accumulate
              ? double(before.elements[size_t(i * before.rowStride + j)])
              : 0;
      double magnitude = std::abs(sum);
      for (int64_t p = 0; p < k; ++p) {
        sum += double(a.at(i, p)) * double(b.at(p, j));
        magnitude += std::abs(double(a.at(i, p)) * double(b.at(p, j)));
      }
      if (std::isfinite(sum))
        ASSERT_NEAR(c.at(i, j), sum, tolerance(0, 0x1p-24, k, magnitude));
      else if (std::isnan(sum))
        ASSERT_TRUE(std::isnan(c.at(i, j))) << i << "," << j;
      else
        ASSERT_EQ(double(c.at(i, j)), sum) << i << "," << j;
    }
}

TEST(Gemm, SpecialNumbersAnywhere) {
  for (GemmMode mode : {GemmMode::Overwrite, GemmMode::Accumulate})
    for (int64_t k : {50, 64, 100, 300, 1500}) {
      checkSpecialNumbers<half>(k, mode);
      checkSpecialNumbers<float>(k, mode);
    }
}

TEST(Gemm, HalfResultsAreRoundedOnce) {
  // 2048 + 1 + 1 is 2050 in f32; rounding to half in between gives 2048.
  const int64_t k = 1536;
  std::vector<half> a(k, half(0)), b(k, half(1));
  a[0] = half(2048);
  a[600] = half(1);
  a[1200] = half(1);
  half c = half(0);
  ThreadPool pool(1);
  gemm(1, 1, k, 1, ConstMatrix(a.data(), k), ConstMatrix(b.data(), 1),
       GemmMode::Overwrite, Matrix(&c, 1), pool);
  EXPECT_EQ(static_cast<float>(c), 2050.0f);
}

} // namespace
