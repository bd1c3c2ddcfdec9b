//===- CpuDeviceTest.cpp - Surfaces, staging and dispatches ---------------===//
//
// Expected surfaces follow from the definition of a region in Device.h.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace anec::rt;

namespace {

Region region(RegionKind kind, int64_t rows, int64_t columns, int64_t channel,
              int64_t column, int64_t blockRows) {
  Region result;
  result.name = "r";
  result.kind = kind;
  result.rows = rows;
  result.columns = columns;
  result.channel = channel;
  result.column = column;
  result.blockRows = blockRows;
  return result;
}

/// One activation region over the whole surface, to look at it.
Region whole(int64_t channels, int64_t width) {
  return region(RegionKind::Activation, channels, width, 0, 0, channels);
}

template <typename T>
double elementAt(const SurfaceMap &map, int64_t c, int64_t w) {
  return static_cast<double>(
      static_cast<T *>(map.data())[c * map.rowStride() + w]);
}

double elementAt(const SurfaceMap &map, int64_t c, int64_t w) {
  switch (map.type()) {
  case ElementType::F16:
    return elementAt<half>(map, c, w);
  case ElementType::F32:
    return elementAt<float>(map, c, w);
  case ElementType::F64:
    break;
  }
  return elementAt<double>(map, c, w);
}

/// Stages 0, 1, 2, ... into `weight` and compares each stored element with
/// the definition.
void checkStaging(const Region &weight, Numerics numerics) {
  ThreadPool pool(2);
  auto device = makeCpuDevice(numerics, pool);
  SurfaceSpec spec;
  spec.name = "s";
  spec.channels = 40;
  spec.width = 150;
  spec.regions = {weight, whole(40, 150)};
  auto surface = device->allocate(spec);
  ASSERT_TRUE(surface) << surface.error().message;
  std::vector<float> master;
  for (int64_t i = 0; i < weight.rows * weight.columns; ++i)
    master.push_back(static_cast<float>(i));
  auto error = device->stage(**surface, 0, Span<const float>(master));
  ASSERT_FALSE(error) << error->message;
  auto map = device->map(**surface, 1, Access::Read);
  ASSERT_TRUE(map) << map.error().message;

  const MatrixOrder &order = weight.order;
  const int64_t logicalColumns =
      order.transposed ? weight.rows : weight.columns;
  auto place = [](const std::vector<int64_t> &permutation, int64_t i) {
    return permutation.empty() ? i : permutation[static_cast<size_t>(i)];
  };
  double sum = 0;
  for (int64_t r = 0; r < weight.rows; ++r)
    for (int64_t c = 0; c < weight.columns; ++c) {
      const int64_t p = order.transposed ? c : r;
      const int64_t q = order.transposed ? r : c;
      const double expected =
          static_cast<double>(place(order.rowOrder, p) * logicalColumns +
                              place(order.columnOrder, q));
      EXPECT_EQ(
          elementAt(**map, weight.channel + r % weight.blockRows,
                    weight.column + r / weight.blockRows * weight.columns + c),
          expected);
      sum += expected;
    }
  // Nothing else was written.
  double total = 0;
  for (int64_t c = 0; c < 40; ++c)
    for (int64_t w = 0; w < 150; ++w)
      total += elementAt(**map, c, w);
  EXPECT_EQ(total, sum);
  EXPECT_EQ(device->counters().stagedBytes,
            master.size() * (numerics == Numerics::Ane   ? 2u
                             : numerics == Numerics::F32 ? 4u
                                                         : 8u));
}

TEST(CpuDevice, StagingFoldsTransposesAndPermutes) {
  for (Numerics numerics : {Numerics::Ane, Numerics::F32, Numerics::F64}) {
    checkStaging(region(RegionKind::Weight, 20, 30, 3, 7, 20), numerics);
    checkStaging(region(RegionKind::Weight, 70, 20, 2, 9, 32), numerics);
    Region transposed = region(RegionKind::Weight, 37, 23, 1, 5, 20);
    transposed.order.transposed = true;
    checkStaging(transposed, numerics);
    transposed.order.rowOrder.resize(23);
    transposed.order.columnOrder.resize(37);
    for (int64_t i = 0; i < 23; ++i)
      transposed.order.rowOrder[static_cast<size_t>(i)] = (i * 5 + 3) % 23;
    for (int64_t i = 0; i < 37; ++i)
      transposed.order.columnOrder[static_cast<size_t>(i)] = 36 - i;
    checkStaging(transposed, numerics);
    Region permuted = region(RegionKind::Weight, 4, 3, 0, 0, 4);
    permuted.order.rowOrder = {0, 2, 1, 3};
    checkStaging(permuted, numerics);
    permuted.order.columnOrder = {2, 0, 1};
    checkStaging(permuted, numerics);
  }
}

TEST(CpuDevice, StagingRoundsOnce) {
  ThreadPool pool(1);
  auto device = makeCpuDevice(Numerics::Ane, pool);
  SurfaceSpec spec;
  spec.channels = 1;
  spec.width = 3;
  spec.regions = {region(RegionKind::Weight, 1, 3, 0, 0, 1), whole(1, 3)};
  auto surface = device->allocate(spec);
  ASSERT_TRUE(surface);
  // Just above a midpoint of halves: through float it would round down.
  std::vector<double> master = {1 + 0x1p-11 + 0x1p-40, 1e6, -0x1p-25};
  ASSERT_FALSE(device->stage(**surface, 0, Span<const double>(master)));
  auto map = device->map(**surface, 1, Access::Read);
  EXPECT_EQ(elementAt(**map, 0, 0), 1 + 0x1p-10);
  EXPECT_EQ(elementAt(**map, 0, 1), INFINITY);
  EXPECT_EQ(elementAt(**map, 0, 2), 0);
}

TEST(CpuDevice, WrongRegionsAreErrors) {
  ThreadPool pool(1);
  auto device = makeCpuDevice(Numerics::Ane, pool);
  SurfaceSpec spec;
  spec.name = "s";
  spec.channels = 8;
  spec.width = 10;
  for (Region bad : {region(RegionKind::Weight, 9, 10, 0, 0, 9),
                     region(RegionKind::Weight, 8, 6, 0, 5, 8),
                     region(RegionKind::Weight, 16, 6, 0, 0, 8),
                     region(RegionKind::Weight, 4, 6, 5, 0, 4),
                     region(RegionKind::Weight, 0, 6, 0, 0, 4),
                     region(RegionKind::Weight, 4, 6, -1, 0, 4)}) {
    spec.regions = {bad};
    EXPECT_FALSE(device->allocate(spec));
  }
  spec.regions = {region(RegionKind::Weight, 4, 6, 0, 0, 4)};
  spec.regions[0].order.rowOrder = {0, 1, 1, 2};
  EXPECT_FALSE(device->allocate(spec));
  spec.regions[0].order.rowOrder.clear();
  auto surface = device->allocate(spec);
  ASSERT_TRUE(surface);
  std::vector<float> master(23);
  auto error = device->stage(**surface, 0, Span<const float>(master));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message,
            "surface 's', region 'r': expected 24 values, found 23");
  EXPECT_TRUE(device->stage(**surface, 1, Span<const float>(master)));
  EXPECT_FALSE(device->map(**surface, 0, Access::Read));
}

const char *const addText =
    "program(1.3) { func main<ios18>(tensor<fp16, [1, 4, 1, 8]> a00_in) { "
    "tensor<fp16, [1, 4, 1, 8]> z00_out = add(x = a00_in, y = a00_in); } -> "
    "(z00_out); }";

SurfaceSpec fullSpec(const char *name, int64_t channels, int64_t width) {
  SurfaceSpec spec;
  spec.name = name;
  spec.channels = channels;
  spec.width = width;
  spec.regions = {whole(channels, width)};
  return spec;
}

TEST(CpuDevice, RunsOnSurfacesAndCounts) {
  for (Numerics numerics : {Numerics::Ane, Numerics::F32, Numerics::F64}) {
    ThreadPool pool(1);
    auto device = makeCpuDevice(numerics, pool);
    auto program = device->load({"add", addText, {}, {}});
    ASSERT_TRUE(program) << program.error().message;
    auto in = device->allocate(fullSpec("in", 4, 8));
    auto out = device->allocate(fullSpec("out", 4, 8));
    {
      auto map = device->map(**in, 0, Access::Write);
      if ((*map)->type() == ElementType::F16)
        static_cast<half *>((*map)->data())[9] = half(1.5f);
      else if ((*map)->type() == ElementType::F32)
        static_cast<float *>((*map)->data())[9] = 1.5f;
      else
        static_cast<double *>((*map)->data())[9] = 1.5;
    }
    auto error = device->run(**program, {in->get()}, {out->get()});
    ASSERT_FALSE(error) << error->message;
    auto map = device->map(**out, 0, Access::Read);
    EXPECT_EQ(elementAt(**map, 1, 1), 3);
    DeviceCounters counters = device->counters();
    EXPECT_EQ(counters.compiles, 1u);
    EXPECT_EQ(counters.dispatches, 1u);
    EXPECT_EQ(counters.deviceBytes, 64u * (numerics == Numerics::Ane   ? 2
                                           : numerics == Numerics::F32 ? 4
                                                                       : 8));
  }
}

TEST(CpuDevice, WrongSurfacesAreErrors) {
  ThreadPool pool(1);
  auto device = makeCpuDevice(Numerics::Ane, pool);
  auto program = device->load({"add", addText, {}, {}});
  ASSERT_TRUE(program);
  auto in = device->allocate(fullSpec("in", 4, 8));
  auto small = device->allocate(fullSpec("small", 4, 7));
  EXPECT_TRUE(device->run(**program, {}, {in->get()}));
  EXPECT_TRUE(device->run(**program, {in->get()}, {small->get()}));
  EXPECT_TRUE(device->run(**program, {in->get()}, {in->get()}));
  EXPECT_FALSE(device->load({"bad",
                             "program(1.3) { func main<ios18>(tensor<fp16, "
                             "[4, 8]> x) { } -> (x); }",
                             {},
                             {}}));
}

} // namespace
