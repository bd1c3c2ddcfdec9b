//===- ArithmeticTest.cpp - Where the ANE's results differ ----------------===//
//
// Expected values are those that ane-guide (03-numerics) measured: products
// overflow at 32768, no result is NaN, log(0) is -45440.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/Arithmetic.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/sim/Rewrite.h"
#include "runtime/mil/Printer.h"
#include "runtime/mil/Reader.h"
#include "runtime/support/ThreadPool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace anec::rt;
using namespace anec::rt::sim;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr float inf = INFINITY;

/// Runs a program from x [1, 2, 1, N] to y on the cpu device with the
/// arithmetic of `rules`; both are given row by row.
class Arithmetic : public testing::Test {
protected:
  std::vector<float> compute(const std::string &body, int64_t width,
                             const std::vector<float> &values,
                             bool flushDenormals = false) {
    ThreadPool pool(1);
    auto device = makeCpuDevice(Numerics::Ane, pool,
                                aneArithmetic(rules, flushDenormals));
    const std::string type = fmt::format("tensor<fp16, [1, 2, 1, {}]>", width);
    std::string text =
        fmt::format("program(1.3) {{ func main<ios18>({} x) {{\n{}\n}} -> "
                    "(y); }}",
                    type, body);
    auto read = mil::read(text, "test.mil");
    EXPECT_TRUE(read) << read.error().message;
    if (rewriteAsExecuted(*read, rules))
      text = mil::print(*read);
    ProgramFiles files;
    files.name = "test";
    files.text = text;
    auto program = device->load(files);
    EXPECT_TRUE(program) << program.error().message << "\n" << text;
    const Region whole{"all", RegionKind::Activation, 2, width, 0, 0, 2, {}};
    auto in = device->allocate({"in", 2, width, {whole}});
    auto out = device->allocate({"out", 2, width, {whole}});
    {
      auto map = device->map(**in, 0, Access::Write);
      for (size_t i = 0; i < values.size(); ++i)
        static_cast<half *>((*map)->data())[i] = static_cast<half>(values[i]);
    }
    auto error = device->run(**program, {in->get()}, {out->get()});
    EXPECT_FALSE(error) << error->message;
    auto map = device->map(**out, 0, Access::Read);
    std::vector<float> results;
    for (int64_t i = 0; i < 2 * width; ++i)
      results.push_back(
          static_cast<float>(static_cast<half *>((*map)->data())[i]));
    return results;
  }

  RuntimeRules rules;
};

using Values = std::vector<float>;

/// y = x times the matrix that repeats `factor` in its first row.
std::string product(const std::string &factor) {
  return "tensor<fp16, [1, 2, 1, 2]> y = matmul(x = x, y = tensor<fp16, "
         "[1, 1, 2, 2]>([[[[" +
         factor +
         ", 0], [0, 1]]]]), transpose_x = bool(false), transpose_y = "
         "bool(false));";
}

TEST_F(Arithmetic, ProductsOverflowEarly) {
  EXPECT_EQ(compute(product("16"), 2, {2047, 1, 2048, -1}),
            Values({32752, 1, inf, -1}));
  EXPECT_EQ(compute(product("-16"), 2, {2047, 1, 2048, -1}),
            Values({-32752, 1, -inf, -1}));
}

TEST_F(Arithmetic, OtherOperatorsOverflowWhereFp16Ends) {
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = mul(x = x, y = "
                    "fp16(16));",
                    2, {2048, 4094, 4096, -4096}),
            Values({32768, 65504, inf, -inf}));
}

TEST_F(Arithmetic, NoResultIsNan) {
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = sub(x = x, y = x);", 2,
                    {inf, -inf, 3, NAN}),
            // The NaN is an operand of the whole tensor: no zeros there.
            Values({inf, inf, 0, inf}));
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = sub(x = x, y = x);", 2,
                    {inf, -inf, 3, 4}),
            Values({0, 0, 0, 0}));
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = mul(x = x, y = fp16(0));",
                    2, {inf, -inf, 3, 4}),
            Values({0, 0, 0, 0}));
  EXPECT_EQ(
      compute("tensor<fp16, [1, 2, 1, 2]> y = sqrt(x = x);", 2, {-1, 4, 9, -4}),
      Values({0, 2, 3, 0}));
  EXPECT_EQ(compute(product("1"), 2, {NAN, 1, 2, 3}), Values({inf, inf, 2, 3}));
}

TEST_F(Arithmetic, LogarithmOfZeroIsFinite) {
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = log(x = x, epsilon = "
                    "fp16(0));",
                    2, {0, 1, -1, inf}),
            Values({-45440, 0, 0, inf}));
}

TEST_F(Arithmetic, DenormalProductsAreFlushedWhereAsked) {
  const Values tiny = {0x1p-14F, 1, 0x1p-15F, 2};
  EXPECT_EQ(compute(product("1"), 2, tiny, true), tiny);
  rules.flushesDenormals = true;
  EXPECT_EQ(compute(product("1"), 2, tiny, true), Values({0x1p-14F, 1, 0, 2}));
  EXPECT_EQ(compute(product("1"), 2, tiny, false), tiny);
}

/// y[c] = x[c, from..from+1].
std::string slice(int from) {
  return fmt::format("tensor<fp16, [1, 2, 1, 2]> y0 = slice_by_size(x = x, "
                     "begin = tensor<int32, [4]>([0, 0, 0, {}]), size = "
                     "tensor<int32, [4]>([1, 2, 1, 2]));"
                     "tensor<fp16, [1, 2, 1, 4]> y = concat(values = (y0, y0), "
                     "axis = int32(3), interleave = bool(false));",
                     from);
}

TEST_F(Arithmetic, SlicesAlongTheWidthSaturateOnSomeChips) {
  const Values values = {4096, 1, 4094, -4096, 2, 3, 5, 4096};
  const Values behind = {4094, -4096, 4094, -4096, 5, 4096, 5, 4096};
  EXPECT_EQ(compute(slice(2), 4, values), behind);
  rules.widthSliceScale = 16;
  EXPECT_EQ(compute(slice(2), 4, values),
            Values({4094, -inf, 4094, -inf, 5, inf, 5, inf}));
  EXPECT_EQ(compute(slice(0), 4, values),
            Values({4096, 1, 4096, 1, 2, 3, 2, 3}));
}

TEST_F(Arithmetic, OddContractionsAreZerosOnSomeChips) {
  EXPECT_EQ(compute(product("3"), 2, {1, 2, 3, 4}), Values({3, 2, 9, 4}));
  rules.contractionMultiple = 2;
  EXPECT_EQ(compute(product("3"), 2, {1, 2, 3, 4}), Values({3, 2, 9, 4}));
  rules.contractionMultiple = 32;
  EXPECT_EQ(compute(product("3"), 2, {1, 2, 3, 4}), Values({0, 0, 0, 0}));
}

TEST_F(Arithmetic, AttentionIgnoresItsMask) {
  const std::string attention =
      "tensor<fp16, [1, 2, 1, 2]> q = reshape(x = x, shape = tensor<int32, "
      "[4]>([1, 2, 1, 2]));"
      "tensor<fp16, [1, 1, 2, 2]> h = reshape(x = x, shape = tensor<int32, "
      "[4]>([1, 1, 2, 2]));"
      "tensor<fp16, [1, 1, 2, 2]> m = const()[val = tensor<fp16, [1, 1, 2, "
      "2]>([[[[0, -65504], [0, 0]]]])];"
      "tensor<fp16, [1, 1, 2, 2]> a = scaled_dot_product_attention(query = h, "
      "key = h, value = h{});"
      "tensor<fp16, [1, 2, 1, 2]> y = reshape(x = a, shape = tensor<int32, "
      "[4]>([1, 2, 1, 2]));";
  const Values values = {1, 2, 3, 5};
  EXPECT_EQ(compute(fmt::format(attention, ", attn_mask = m"), 2, values),
            compute(fmt::format(attention, ""), 2, values));
}

} // namespace
