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
  EXPECT_FALSE(device->load({"bad",
                             "program(1.3) { func main<ios18>(tensor<fp16, "
                             "[4, 8]> x) { } -> (x); }",
                             {},
                             {}}));
}

/// y = w x or w^T x for w [3, 5] in channels 0.. and columns 8.., and x in
/// columns 0 and 1; or the sum of w and itself.
std::string programOf(const std::string &use) {
  const char *const outputs = use == "add"          ? "[1, 3, 1, 5]"
                              : use == "transposed" ? "[1, 5, 1, 2]"
                                                    : "[1, 3, 1, 2]";
  const bool isTransposed = use == "transposed";
  std::string text = R"(program(1.3)
[buildInfo = dict<string, string>({{"coremlc-version", "3505.4.1"}})]
{
    func main<ios18>(tensor<fp16, [1, 5, 1, 16]> a) {
        tensor<fp16, [1, 3, 1, 5]> w = slice_by_size(x = a, begin = tensor<int32, [4]>([0, 0, 0, 8]), size = tensor<int32, [4]>([1, 3, 1, 5]));
        tensor<fp16, [1, 1, 3, 5]> m = reshape(x = w, shape = tensor<int32, [4]>([1, 1, 3, 5]));
)";
  const std::string terms = isTransposed ? "3" : "5";
  text += "tensor<fp16, [1, " + terms +
          ", 1, 2]> s = slice_by_size(x = a, begin = tensor<int32, [4]>([0, "
          "0, 0, 0]), size = tensor<int32, [4]>([1, " +
          terms + ", 1, 2]));\n";
  text += "tensor<fp16, [1, 1, " + terms +
          ", 2]> x = reshape(x = s, shape = tensor<int32, [4]>([1, 1, " +
          terms + ", 2]));\n";
  if (use == "add")
    text += "tensor<fp16, [1, 3, 1, 5]> y = add(x = w, y = w);\n";
  else
    text += std::string("tensor<fp16, [1, 1, ") + (isTransposed ? "5" : "3") +
            ", 2]> p = matmul(x = m, y = x, transpose_x = bool(" +
            (isTransposed ? "true" : "false") +
            "), transpose_y = bool(false));\ntensor<fp16, " + outputs +
            "> y = reshape(x = p, shape = tensor<int32, [4]>(" + outputs +
            "));\n";
  return text + "} -> (y);\n}";
}

/// A surface whose weight is read packed in both orientations and in place.
class WeightForms : public testing::TestWithParam<Numerics> {
protected:
  WeightForms() : pool(2), device(makeCpuDevice(GetParam(), pool)) {
    SurfaceSpec spec;
    spec.name = "in";
    spec.channels = 5;
    spec.width = 16;
    spec.regions = {region(RegionKind::Activation, 5, 2, 0, 0, 5),
                    region(RegionKind::Weight, 3, 5, 0, 8, 3)};
    // One between two others, whose weights and activations are other ones.
    auto all = std::move(*device->allocateAll(spec, 3, /*inTurn=*/false));
    input = std::move(all[1]);
    others.push_back(std::move(all[0]));
    others.push_back(std::move(all[2]));
    for (const auto &other : others) {
      auto map = device->map(*other, 0, Access::Write);
      for (int64_t c = 0; c < 5; ++c)
        for (int64_t w = 0; w < 2; ++w) {
          if (GetParam() == Numerics::Ane)
            static_cast<half *>((*map)->data())[c * 16 + w] = half(77);
          else
            static_cast<float *>((*map)->data())[c * 16 + w] = 77;
        }
    }
    auto x = device->map(*input, 0, Access::Write);
    for (int64_t c = 0; c < 5; ++c)
      for (int64_t w = 0; w < 2; ++w) {
        if (GetParam() == Numerics::Ane)
          static_cast<half *>((*x)->data())[c * 16 + w] = half(c + 1 - 3 * w);
        else
          static_cast<float *>((*x)->data())[c * 16 + w] = float(c + 1 - 3 * w);
      }
  }

  /// w[r][c] = factor * (r + 2 c).
  void stage(float factor) {
    std::vector<float> master;
    for (int64_t i = 0; i < 15; ++i)
      master.push_back(factor * float(i / 5 + 2 * (i % 5)));
    auto error = device->stage(*input, 1, Span<const float>(master));
    ASSERT_FALSE(error) << error->message;
    for (const auto &other : others) {
      std::vector<float> wrong(15, -99);
      error = device->stage(*other, 1, Span<const float>(wrong));
      ASSERT_FALSE(error) << error->message;
    }
  }

  /// The same row by row; false when the device wants all of them at once.
  bool stageRows(float factor) {
    std::unique_ptr<RowStaging> rows = device->stageRows(*input, 1);
    if (!rows)
      return false;
    std::vector<float> master;
    for (int64_t i = 0; i < 15; ++i)
      master.push_back(factor * float(i / 5 + 2 * (i % 5)));
    const int64_t step = rows->rowAlignment();
    for (int64_t row = 0; row < 3; row += step)
      rows->put(row, std::min(step, 3 - row), master.data() + 5 * row);
    return true;
  }

  void expect(const std::string &use, float factor, bool prepared = false) {
    SCOPED_TRACE(use);
    ProgramFiles files;
    files.name = use;
    files.text = programOf(use);
    auto program = device->load(files);
    ASSERT_TRUE(program) << program.error().message;
    if (prepared)
      device->prepare(**program, {input.get()});
    const int64_t rows = use == "transposed" ? 5 : 3;
    const int64_t columns = use == "add" ? 5 : 2;
    SurfaceSpec spec;
    spec.name = "out";
    spec.channels = rows;
    spec.width = columns;
    spec.regions = {whole(rows, columns)};
    auto output = std::move(*device->allocate(spec));
    auto error = device->run(**program, {input.get()}, {output.get()});
    ASSERT_FALSE(error) << error->message;
    auto y = device->map(*output, 0, Access::Read);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        double expected = use == "add" ? 2 * (i + 2 * j) : 0;
        for (int64_t p = 0; use != "add" && p < 8 - rows; ++p)
          expected +=
              (use == "transposed" ? p + 2 * i : i + 2 * p) * (p + 1 - 3.0 * j);
        EXPECT_EQ(elementAt(**y, i, j), factor * expected) << i << "," << j;
      }
  }

  ThreadPool pool;
  std::unique_ptr<Device> device;
  std::unique_ptr<Surface> input;
  std::vector<std::unique_ptr<Surface>> others;
};

TEST_P(WeightForms, FollowStagingInEveryOrder) {
  stage(1);
  expect("natural", 1);
  stage(2); // packed only
  expect("natural", 2);
  expect("transposed", 2);
  stage(0.5F); // in both orientations
  expect("transposed", 0.5F);
  expect("natural", 0.5F);
  expect("add", 0.5F); // from now on in place as well
  stage(4);
  expect("add", 4);
  expect("natural", 4);
  expect("transposed", 4);
}

TEST_P(WeightForms, ComeBackIntoPlaceFromEitherOrientation) {
  stage(1);
  expect("transposed", 1, true);
  stage(3);
  expect("add", 3);
  expect("natural", 3, true);
}

TEST_P(WeightForms, TakeRowsUnlessTheArrayIsRead) {
  EXPECT_FALSE(stageRows(1)); // nobody has said how it is read
  expect("natural", 0, true);
  EXPECT_TRUE(stageRows(2));
  expect("natural", 2);
  expect("transposed", 2);
  EXPECT_TRUE(stageRows(0.5F)); // in both orientations
  expect("transposed", 0.5F);
  expect("natural", 0.5F);
  EXPECT_EQ(device->counters().stagedBytes,
            30u * (GetParam() == Numerics::Ane ? 2 : 4));
  expect("add", 0.5F);
  EXPECT_FALSE(stageRows(4));
  expect("add", 0.5F);
}

TEST_P(WeightForms, MayBePreparedBeforeAnythingIsStaged) {
  expect("natural", 0, true);
  stage(1);
  expect("natural", 1);
  expect("add", 1);
}

INSTANTIATE_TEST_SUITE_P(Numerics, WeightForms,
                         testing::Values(Numerics::Ane, Numerics::F32));

} // namespace
