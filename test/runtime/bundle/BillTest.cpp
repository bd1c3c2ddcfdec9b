//===- BillTest.cpp - What kernels cost and what the host touches ---------===//
//
// Expected numbers are counted by hand from the texts. test/e2e/bill_test.py
// counts whole bundles, and runs them.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/KernelCosts.h"
#include "runtime/bundle/SurfaceTraffic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace anec::rt;
using testing::HasSubstr;

namespace {

TEST(KernelCosts, countsOperatorsBytesAndProducts) {
  // 2 * 3 * 5 * 4 for the matmul [3,4] x [4,5] and 2 * 6 * 8 * 2 for the 1x1
  // convolution of 2 channels to 6 over 8 columns.
  const char text[] = R"(program(1.3)
[buildInfo = dict<string, string>({{"coremlc-version", "3505.4.1"}})]
{
    func main<ios18>(tensor<fp16, [1, 1, 3, 4]> a, tensor<fp16, [1, 1, 5, 4]> b, tensor<fp16, [1, 2, 1, 8]> x, tensor<fp16, [6, 2, 1, 1]> w) {
        bool f = const()[name = string("f"), val = bool(false)];
        bool t = const()[name = string("t"), val = bool(true)];
        tensor<fp16, [1, 1, 3, 5]> y = matmul(x = a, y = b, transpose_x = f, transpose_y = t)[name = string("y")];
        tensor<fp16, [1, 6, 1, 8]> z = conv(x = x, weight = w)[name = string("z")];
        tensor<int32, [4]> s = const()[name = string("s"), val = tensor<int32, [4]>([1, 3, 1, 5])];
        tensor<fp16, [1, 3, 1, 5]> r = reshape(x = y, shape = s)[name = string("r")];
    } -> (y, z, r);
})";
  Result<KernelCosts> costs = kernelCosts(text, "k.mil");
  ASSERT_TRUE(costs) << costs.error().message;
  EXPECT_EQ(costs->flops(), 120 + 192);
  // a 24 bytes, b 40, x 32, w 24; y 30, z 96, r 30.
  EXPECT_EQ(costs->work.inputBytes, 24u + 40 + 32 + 24);
  EXPECT_EQ(costs->work.outputBytes, 30u + 96 + 30);
  EXPECT_EQ(costs->ops, 3);
  EXPECT_EQ(costs->layoutOps, 1);
  EXPECT_THAT(kernelCosts("program(", "k.mil").error().message,
              HasSubstr("k.mil"));
}

TEST(KernelCosts, countsHostProducts) {
  // Tokens 2 x 4: 2 * 8 * 3 * 5 for both forms of weight, and the sum over
  // tokens of 3 x 5 products.
  EXPECT_EQ(hostFlops("linear", {2, 4, 3}, {5, 3}), 240);
  EXPECT_EQ(hostFlops("matmul", {2, 4, 3}, {3, 5}), 240);
  EXPECT_EQ(hostFlops("matmul", {2, 4, 3}, {2, 4, 5}), 240);
  EXPECT_EQ(hostFlops("add", {2, 4, 3}, {2, 4, 3}), 0);
}

Region region(int64_t channel, int64_t rows, int64_t columns) {
  Region result;
  result.rows = result.blockRows = rows;
  result.columns = columns;
  result.channel = channel;
  return result;
}

/// Two surfaces of 4 x 8: rows 0-1, rows 2-3, and all of it.
Plan plan() {
  Plan result;
  result.surfaces.push_back(
      {{"s", 4, 8, {region(0, 2, 8), region(2, 2, 8), region(0, 4, 8)}}, 2});
  return result;
}

RegionRef at(RegionId region, Index index = {}) { return {{0, index}, region}; }

TEST(SurfaceTraffic, countsReadsOnceBetweenWrites) {
  Plan surfaces = plan();
  SurfaceTraffic traffic(surfaces, 2);
  traffic.deviceWrites({0, {}}, 0);
  traffic.hostReads(at(0), 0);
  traffic.hostReads(at(0), 0);
  EXPECT_EQ(traffic.hostRead(), 32u);
  traffic.hostReads(at(1), 0);
  EXPECT_EQ(traffic.hostRead(), 64u);
  traffic.deviceWrites({0, {}}, 0);
  traffic.hostReads(at(0), 0);
  EXPECT_EQ(traffic.hostRead(), 96u);
  EXPECT_EQ(traffic.hostWritten(), 0u);
}

TEST(SurfaceTraffic, countsEveryWriteAndWhatItOverlaps) {
  Plan surfaces = plan();
  SurfaceTraffic traffic(surfaces, 2);
  traffic.hostWrites(at(2), 0);
  traffic.hostReads(at(2), 0);
  EXPECT_EQ(traffic.hostWritten(), 64u);
  EXPECT_EQ(traffic.hostRead(), 64u);
  traffic.hostWrites(at(1), 0);
  EXPECT_EQ(traffic.hostWritten(), 96u);
  traffic.hostReads(at(2), 0);
  EXPECT_EQ(traffic.hostRead(), 128u);
}

TEST(SurfaceTraffic, tellsInstancesApart) {
  Plan surfaces = plan();
  SurfaceTraffic traffic(surfaces, 2);
  traffic.hostReads(at(0, {/*loop=*/true, 1}), 0);
  traffic.hostReads(at(0, {/*loop=*/false, 1}), 0);
  EXPECT_EQ(traffic.hostRead(), 32u);
  traffic.hostReads(at(0), 0);
  EXPECT_EQ(traffic.hostRead(), 64u);
}

} // namespace
