//===- TensorTest.cpp - Layout arithmetic ---------------------------------===//
//
// Strides by hand.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Tensor.h"

#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

using namespace anec::rt::cpu;

namespace {

Layout layoutOf(Dims dims, Dims strides) {
  return Layout{Storage::F16, std::move(dims), std::move(strides)};
}

TEST(Tensor, ReshapesOfContiguousMemoryAreViews) {
  Layout x = layoutOf({2, 3, 4}, {12, 4, 1});
  EXPECT_EQ(reshapedStrides(x, {6, 4}), (Dims{4, 1}));
  EXPECT_EQ(reshapedStrides(x, {24}), (Dims{1}));
  EXPECT_EQ(reshapedStrides(x, {2, 1, 6, 2}), (Dims{12, 12, 2, 1}));
}

TEST(Tensor, ReshapesOfSlicesAreViewsWhereStridesAllow) {
  // Channels 0 to 5 of a surface of width 10, columns 0 to 3.
  Layout slice = layoutOf({1, 6, 1, 4}, {60, 10, 10, 1});
  EXPECT_EQ(reshapedStrides(slice, {2, 3, 4}), (Dims{30, 10, 1}));
  EXPECT_EQ(reshapedStrides(slice, {6, 2, 2}), (Dims{10, 2, 1}));
  EXPECT_EQ(reshapedStrides(slice, {24}), std::nullopt);
  Layout transposed = layoutOf({4, 6}, {1, 4});
  EXPECT_EQ(reshapedStrides(transposed, {24}), std::nullopt);
  EXPECT_EQ(reshapedStrides(transposed, {2, 2, 6}), (Dims{2, 1, 4}));
}

TEST(Tensor, BroadcastRepeatsWithStrideZero) {
  Layout x = layoutOf({3, 1}, {1, 1});
  EXPECT_EQ(broadcastStrides(x, {2, 3, 4}), (Dims{0, 1, 0}));
}

TEST(Tensor, ContiguousIgnoresDimensionsOfSizeOne) {
  EXPECT_TRUE(layoutOf({1, 3, 1, 4}, {99, 4, 7, 1}).isContiguous());
  EXPECT_FALSE(layoutOf({1, 3, 1, 4}, {0, 5, 0, 1}).isContiguous());
}

/// Copies [a, b, c] from and to memory whose dimensions lie in these orders,
/// against one element at a time.
template <typename T>
void checkCopy(Storage storage, const Dims &dims, const Dims &fromOrder,
               const Dims &toOrder) {
  auto stridesOf = [&](const Dims &order) {
    Dims strides(3);
    int64_t stride = 1;
    for (size_t i = 3; i-- > 0;) {
      strides[static_cast<size_t>(order[i])] = stride;
      stride *= dims[static_cast<size_t>(order[i])];
    }
    return strides;
  };
  std::vector<T> source(static_cast<size_t>(elementCount(dims)));
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = static_cast<T>(i * 37 + 1);
  std::vector<T> target(source.size()), expected(source.size());
  Tensor from, to;
  static_cast<Layout &>(from) = Layout{storage, dims, stridesOf(fromOrder)};
  static_cast<Layout &>(to) = Layout{storage, dims, stridesOf(toOrder)};
  from.data = source.data();
  to.data = target.data();
  for (int64_t i = 0; i < dims[0]; ++i)
    for (int64_t j = 0; j < dims[1]; ++j)
      for (int64_t k = 0; k < dims[2]; ++k)
        expected[static_cast<size_t>(i * to.strides[0] + j * to.strides[1] +
                                     k * to.strides[2])] =
            source[static_cast<size_t>(i * from.strides[0] +
                                       j * from.strides[1] +
                                       k * from.strides[2])];
  anec::rt::ThreadPool pool(2);
  copy(from, to, pool);
  EXPECT_EQ(target, expected);
}

TEST(Tensor, CopiesBetweenAllOrders) {
  const std::vector<Dims> orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  for (const Dims &dims : {Dims{3, 70, 45}, Dims{1, 33, 2}, Dims{5, 90, 100}})
    for (const Dims &from : orders)
      for (const Dims &to : orders) {
        checkCopy<uint8_t>(Storage::Bool, dims, from, to);
        checkCopy<uint16_t>(Storage::F16, dims, from, to);
        checkCopy<uint32_t>(Storage::F32, dims, from, to);
        checkCopy<uint64_t>(Storage::F64, dims, from, to);
      }
}

} // namespace
