//===- TestMatrix.h - Random matrices for tests of products -----*- C++ -*-===//
//
// In any order of elements, with some padding that nobody may write to.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_GEMM_TESTMATRIX_H
#define ANEC_TEST_RUNTIME_GEMM_TESTMATRIX_H

#include "runtime/gemm/Gemm.h"
#include "runtime/support/Random.h"
#include "runtime/support/ThreadPool.h"

#include <vector>

namespace anec::rt {

enum class Order { Rows, Columns, Neither };

/// A random matrix with some padding around it.
template <typename T> struct TestMatrix {
  TestMatrix(int64_t rows, int64_t columns, Order order, uint64_t seed)
      : rows(rows), columns(columns) {
    if (order == Order::Rows)
      rowStride = columns + 3, columnStride = 1;
    else if (order == Order::Columns)
      rowStride = 1, columnStride = rows + 5;
    else
      rowStride = 2, columnStride = 2 * rows + 1;
    elements.resize(
        static_cast<size_t>(rows * rowStride + columns * columnStride + 1));
    RandomStream random(seed);
    for (size_t i = 0; i < elements.size(); ++i)
      elements[i] = static_cast<T>(random.normal(i));
  }

  T &at(int64_t i, int64_t j) {
    return elements[static_cast<size_t>(i * rowStride + j * columnStride)];
  }
  ConstMatrix view() const {
    return ConstMatrix(elements.data(), rowStride, columnStride);
  }
  Matrix result() { return Matrix(elements.data(), rowStride, columnStride); }

  int64_t rows, columns, rowStride, columnStride;
  std::vector<T> elements;
};

/// The product of each of `left` with each of `right`, as a sum with zeros: far
/// from the first of so many terms that matrix units add them.
template <typename TA, typename TB>
std::vector<float>
multiplyAlone(const std::vector<TA> &left, const std::vector<TB> &right,
              GemmPrecision precision = GemmPrecision::Full) {
  const auto m = int64_t(left.size()), n = int64_t(right.size());
  constexpr int64_t k = 133, place = 101;
  std::vector<TA> a(size_t(m * k), TA(0.0F));
  std::vector<TB> b(size_t(k * n), TB(0.0F));
  for (int64_t i = 0; i < m; ++i)
    a[size_t(i * k + place)] = left[size_t(i)];
  for (int64_t j = 0; j < n; ++j)
    b[size_t(place * n + j)] = right[size_t(j)];
  std::vector<float> c(size_t(m * n));
  ThreadPool pool(2);
  gemm(m, n, k, 1, ConstMatrix(a.data(), k), ConstMatrix(b.data(), n),
       GemmMode::Overwrite, Matrix(c.data(), n), pool, {precision});
  return c;
}

} // namespace anec::rt

#endif // ANEC_TEST_RUNTIME_GEMM_TESTMATRIX_H
