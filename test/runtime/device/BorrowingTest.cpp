//===- BorrowingTest.cpp - Regions that programs find elsewhere -----------===//
//
// Expected numbers are the lender's, by the definition of a region in Device.h;
// what the input itself holds there must not be seen.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

Region region(const char *name, int64_t rows, int64_t columns, int64_t channel,
              int64_t column, int64_t blockRows) {
  Region result;
  result.name = name;
  result.rows = rows;
  result.columns = columns;
  result.channel = channel;
  result.column = column;
  result.blockRows = blockRows;
  return result;
}

SurfaceSpec spec(const char *name, int64_t channels, int64_t width) {
  return {
      name, channels, width, {region("all", channels, width, 0, 0, channels)}};
}

/// In the input [4, 16]: rows 0 to 3 in columns 2 to 4, 4 and 5 beside them.
const Region folded = region("folded", 6, 3, 0, 2, 4);
/// The same in a lender [9, 3], from its third channel on.
const Region lent = region("lent", 6, 3, 2, 0, 8);

/// Twice the region, put together from slices of which the first begins with
/// `column` and is `columns` wide.
std::string twice(int64_t column, int64_t columns) {
  const std::string wide = std::to_string(columns);
  auto slice = [&](const std::string &name, const std::string &rows,
                   const std::string &begin) {
    return "tensor<fp16, [1, " + rows + ", 1, " + wide + "]> " + name +
           " = slice_by_size(x = a, begin = tensor<int32, [4]>([0, 0, 0, " +
           begin + "]), size = tensor<int32, [4]>([1, " + rows + ", 1, " +
           wide + "]));\n";
  };
  const std::string type = "tensor<fp16, [1, 6, 1, " + wide + "]> ";
  return "program(1.3)\n{\nfunc main<ios18>(tensor<fp16, [1, 4, 1, 16]> a) "
         "{\n" +
         slice("s0", "4", std::to_string(column)) + slice("s1", "2", "5") +
         type +
         "c = concat(values = (s0, s1), axis = int32(1), interleave = "
         "bool(false));\n" +
         type + "y = add(x = c, y = c);\n} -> (y);\n}";
}

class Borrowing : public testing::TestWithParam<Numerics> {
protected:
  Borrowing() : pool(2), device(makeCpuDevice(GetParam(), pool)) {}

  std::unique_ptr<Surface> filled(const SurfaceSpec &spec, double first) {
    auto surface = std::move(*device->allocate(spec));
    auto map = device->map(*surface, 0, Access::Write);
    for (int64_t i = 0; i < spec.channels * spec.width; ++i)
      set(**map, i, first + double(i));
    return surface;
  }

  static void set(SurfaceMap &map, int64_t i, double number) {
    if (map.type() == ElementType::F16)
      static_cast<half *>(map.data())[i] = half(number);
    else if (map.type() == ElementType::F32)
      static_cast<float *>(map.data())[i] = float(number);
    else
      static_cast<double *>(map.data())[i] = number;
  }
  static double at(const SurfaceMap &map, int64_t i) {
    if (map.type() == ElementType::F16)
      return double(static_cast<half *>(map.data())[i]);
    if (map.type() == ElementType::F32)
      return double(static_cast<float *>(map.data())[i]);
    return static_cast<double *>(map.data())[i];
  }

  Result<std::unique_ptr<Program>> load(const std::string &text,
                                        const Region &lenders = lent) {
    ProgramFiles files{"twice", text, {}, {}};
    files.borrowed = {{0, folded, lenders}};
    return device->load(files);
  }

  ThreadPool pool;
  std::unique_ptr<Device> device;
};

TEST_P(Borrowing, ReadsTheLender) {
  auto program = load(twice(2, 3));
  ASSERT_TRUE(program) << program.error().message;
  auto input = filled(spec("in", 4, 16), 500);
  auto lender = filled(spec("lender", 9, 3), 1);
  auto output = filled(spec("out", 6, 3), 0);
  device->prepare(**program, {input.get(), lender.get()});
  for (int run = 0; run < 2; ++run) {
    auto error =
        device->run(**program, {input.get(), lender.get()}, {output.get()});
    ASSERT_FALSE(error) << error->message;
    auto map = device->map(*output, 0, Access::Read);
    for (int64_t i = 0; i < 18; ++i)
      EXPECT_EQ(at(**map, i), 2 * double(1 + 2 * 3 + i)) << i;
  }
  auto map = device->map(*input, 0, Access::Read);
  EXPECT_EQ(at(**map, 2), 502) << "nothing was copied";
}

TEST_P(Borrowing, SeesTheLenderBesideOtherColumns) {
  // The first slice begins before the region, the second ends behind it.
  auto program = load(twice(1, 4));
  ASSERT_TRUE(program) << program.error().message;
  auto input = filled(spec("in", 4, 16), 500);
  auto lender = filled(spec("lender", 9, 3), 1);
  auto output = filled(spec("out", 6, 4), 0);
  auto error =
      device->run(**program, {input.get(), lender.get()}, {output.get()});
  ASSERT_FALSE(error) << error->message;
  auto map = device->map(*output, 0, Access::Read);
  for (int64_t row = 0; row < 6; ++row)
    for (int64_t column = 0; column < 4; ++column) {
      const bool isFirst = row < 4;
      const int64_t inRegion = isFirst ? column - 1 : column;
      const double expected = inRegion < 0 ? 500 + double(row * 16 + 1)
                              : inRegion > 2
                                  ? 500 + double((row - 4) * 16 + 8)
                                  : 1 + double((2 + row) * 3 + inRegion);
      EXPECT_EQ(at(**map, row * 4 + column), 2 * expected)
          << row << ", " << column;
    }
}

TEST_P(Borrowing, WrongLendersAreErrors) {
  auto program = load(twice(2, 3));
  ASSERT_TRUE(program);
  auto input = filled(spec("in", 4, 16), 0);
  auto output = filled(spec("out", 6, 3), 0);
  auto wide = filled(spec("wide", 9, 4), 0), low = filled(spec("low", 7, 3), 0);
  auto message = [&](std::vector<Surface *> inputs) {
    auto error = device->run(**program, inputs, {output.get()});
    return error ? error->message : "";
  };
  EXPECT_EQ(message({input.get()}), "expected 2 inputs, found 1");
  EXPECT_EQ(message({input.get(), wide.get()}),
            "surface 'wide' [9, 4]: expected all columns of 6 channels from 2 "
            "on to be region 'lent' [6, 3]");
  EXPECT_EQ(
      message({input.get(), low.get()}),
      "surface 'low' [7, 3]: expected all columns of 6 channels from 2 on "
      "to be region 'lent' [6, 3]");
  program = load(twice(2, 3), region("lent", 6, 3, 0, 0, 6));
  ASSERT_TRUE(program);
  EXPECT_EQ(message({input.get(), output.get()}),
            "surface 'out' lends to a dispatch that writes it");
}

INSTANTIATE_TEST_SUITE_P(Numerics, Borrowing,
                         testing::Values(Numerics::Ane, Numerics::F32,
                                         Numerics::F64));

} // namespace
