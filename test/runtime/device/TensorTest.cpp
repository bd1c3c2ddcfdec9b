//===- TensorTest.cpp - Layout arithmetic ---------------------------------===//
//
// Strides by hand.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Tensor.h"

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

} // namespace
