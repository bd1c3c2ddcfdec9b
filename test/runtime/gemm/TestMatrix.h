//===- TestMatrix.h - Random matrices for tests of products -----*- C++ -*-===//
//
// In any order of elements, with some padding that nobody may write to.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_GEMM_TESTMATRIX_H
#define ANEC_TEST_RUNTIME_GEMM_TESTMATRIX_H

#include "runtime/gemm/Gemm.h"
#include "runtime/support/Random.h"

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

} // namespace anec::rt

#endif // ANEC_TEST_RUNTIME_GEMM_TESTMATRIX_H
