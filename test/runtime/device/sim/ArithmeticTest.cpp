//===- ArithmeticTest.cpp - Where the ANE's results differ ----------------===//
//
// Expected values are those that ane-guide (03-numerics, 20-datapath-mac)
// measured: products overflow at 32768, no result is NaN, log(0) is -45440; and
// what sums of ones come to.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/Arithmetic.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/sim/ActivationTable.h"
#include "runtime/device/sim/Rewrite.h"
#include "runtime/mil/Printer.h"
#include "runtime/mil/Reader.h"
#include "runtime/support/ThreadPool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

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
                             const Imitations &imitations = {}) {
    ThreadPool pool(1);
    auto device =
        makeCpuDevice(Numerics::Ane, pool, aneArithmetic(rules, imitations));
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
            Values({32752, 1, inf, -1})); // breaks num-matmul-sat
  EXPECT_EQ(compute(product("-16"), 2, {2047, 1, 2048, -1}),
            Values({-32752, 1, -inf, -1}));
}

TEST_F(Arithmetic, OtherOperatorsOverflowWhereFp16Ends) {
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = mul(x = x, y = "
                    "fp16(16));",
                    2, {2048, 4094, 4096, -4096}),
            Values({32768, 65504, inf, -inf})); // keeps num-matmul-sat
  // 2049 and 4098 are no fp16 numbers.
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = add(x = x, y = fp16(2));",
                    2, {2046, 2047, 4094, 4096}),
            Values({2048, 2048, 4096, 4096}));
  // keeps num-fp16, breaks num-fp16
}

TEST_F(Arithmetic, NoResultIsNan) {
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = sub(x = x, y = x);", 2,
                    {inf, -inf, 3, NAN}),
            // The NaN is an operand of the whole tensor: no zeros there.
            Values({inf, inf, 0, inf})); // breaks num-specials
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = sub(x = x, y = x);", 2,
                    {inf, -inf, 3, 4}),
            Values({0, 0, 0, 0}));
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = mul(x = x, y = fp16(0));",
                    2, {inf, -inf, 3, 4}),
            Values({0, 0, 0, 0}));
  EXPECT_EQ(
      compute("tensor<fp16, [1, 2, 1, 2]> y = sqrt(x = x);", 2, {-1, 4, 9, -4}),
      Values({0, 2, 3, 0}));
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = sqrt(x = x);", 2,
                    {16, 4, 9, inf}),
            Values({4, 2, 3, inf})); // keeps num-specials
  EXPECT_EQ(compute(product("1"), 2, {NAN, 1, 2, 3}), Values({inf, inf, 2, 3}));
}

TEST_F(Arithmetic, LogarithmOfZeroIsFinite) {
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = log(x = x, epsilon = "
                    "fp16(0));",
                    2, {0, 1, -1, inf}),
            Values({-45440, 0, 0, inf}));
}

/// y = op(x).
std::string unary(const std::string &op) {
  return "tensor<fp16, [1, 2, 1, 2]> y = " + op + "(x = x);";
}

/// "The engine coerces a NaN to positive infinity at the input boundary": relu
/// and maximum give infinity, sigmoid, tanh and erf 1, and softmax "puts all
/// the mass on that lane".
TEST_F(Arithmetic, NanComesInAsInfinity) {
  const Values values = {NAN, -inf, -2, NAN};
  EXPECT_EQ(compute(unary("relu"), 2, values), Values({inf, 0, 0, inf}));
  for (const char *op : {"sigmoid", "tanh", "erf"}) {
    const Values found = compute(unary(op), 2, values);
    EXPECT_EQ(found[0], 1) << op;
    EXPECT_EQ(found[3], 1) << op;
    EXPECT_EQ(found[1], std::string(op) == "sigmoid" ? 0 : -1) << op;
  }
  EXPECT_EQ(compute("tensor<fp16, [1, 2, 1, 2]> y = maximum(x = x, y = "
                    "fp16(-3));",
                    2, values),
            Values({inf, -3, -2, inf}));
  const std::string softmax =
      "tensor<fp16, [1, 2, 1, 4]> y = softmax(x = x, axis = int32(-1));";
  EXPECT_EQ(compute(softmax, 4, {1000, 1, 2, 3, 1, NAN, 2, 3}),
            Values({1, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_F(Arithmetic, DenormalProductsAreFlushedWhereAsked) {
  const Values tiny = {0x1p-14F, 1, 0x1p-15F, 2};
  Imitations flushing;
  flushing.denormals = true;
  EXPECT_EQ(compute(product("1"), 2, tiny, flushing), tiny);
  rules.flushesDenormals = true;
  EXPECT_EQ(compute(product("1"), 2, tiny, flushing),
            Values({0x1p-14F, 1, 0, 2}));          // breaks num-denormals
  EXPECT_EQ(compute(product("1"), 2, tiny), tiny); // keeps num-denormals
}

/// y[c, 0] = the sum of row c, as a product with ones; its other columns are 0.
std::string sumByProduct(int64_t width) {
  return fmt::format(
      "tensor<fp16, [1, 2, 1, {0}]> o0 = mul(x = x, y = fp16(0));"
      "tensor<fp16, [1, 2, 1, {0}]> o1 = add(x = o0, y = fp16(1));"
      "tensor<fp16, [1, 2, 1, 1]> s = matmul(x = x, y = o1, transpose_x = "
      "bool(false), transpose_y = bool(true));"
      "tensor<fp16, [1, 2, 1, {0}]> y = add(x = o0, y = s);",
      width);
}

/// The rows, with zeros behind them.
Values rows(Values first, Values second, size_t width) {
  first.resize(width);
  second.resize(width);
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TEST_F(Arithmetic, ProductsAddUpInNarrowTilesOnRequest) {
  Imitations narrow;
  narrow.partialSums = true;
  Values resident(1025, 1), ones(1025, 1);
  resident[0] = 4096;
  const Values both = rows(resident, ones, 1025);
  const Values wide = compute(sumByProduct(1025), 1025, both);
  EXPECT_EQ(wide[0], 5120); // keeps num-partial-sums
  const Values found = compute(sumByProduct(1025), 1025, both, narrow);
  EXPECT_EQ(found[0], 5116); // breaks num-partial-sums
  // 1025 in fp16.
  EXPECT_EQ(found[1025], 1025);
}

/// Table "The cancellation-threshold survivor sweep".
TEST_F(Arithmetic, OnesSurviveBesideCancellationsAsMeasured) {
  Imitations narrow;
  narrow.partialSums = true;
  for (const auto &[magnitude, survivors] :
       std::vector<std::pair<float, float>>{{1024, 16},
                                            {3000, 16},
                                            {4090, 16},
                                            {4096, 4},
                                            {8000, 4},
                                            {16000, 4},
                                            {30000, 4}}) {
    Values before, after;
    for (int i = 0; i < 16; ++i) {
      before.insert(before.end(), {magnitude, -magnitude, 1});
      after.insert(after.end(), {magnitude, 1, -magnitude});
    }
    const Values all = rows(before, after, 48);
    const Values found = compute(sumByProduct(48), 48, all, narrow);
    EXPECT_EQ(found[0], survivors) << magnitude;
    EXPECT_EQ(found[48], survivors) << magnitude;
    EXPECT_EQ(compute(sumByProduct(48), 48, all)[0], 16);
  }
}

TEST_F(Arithmetic, NarrowTilesKeepInfinityAndLongSumsOfOnes) {
  Imitations narrow;
  narrow.partialSums = true;
  // "A reduction of sixteen thousand ones is bit exact."
  const Values ones(2 * 16000, 1);
  EXPECT_EQ(compute(sumByProduct(16000), 16000, ones, narrow)[0], 16000);
  // "An interior partial that exceeds 2^15 overflows to infinity."
  const Values interior = {20000, 20000, 0, 0, -20000, -20000, 0, 0};
  const Values found =
      compute(sumByProduct(8), 8, rows(interior, {inf, 1}, 8), narrow);
  EXPECT_EQ(found[0], inf);
  EXPECT_EQ(found[8], inf);
  EXPECT_EQ(compute(sumByProduct(8), 8, rows(interior, {}, 8))[0], 0);
}

/// 4096 + 1 + 1 - 4096 in one tile: the ones are lost. Beside it 1 + 1.
TEST_F(Arithmetic, NarrowTilesAreThoseOfConvolutionsToo) {
  Imitations narrow;
  narrow.partialSums = true;
  const std::string convolution =
      "tensor<fp16, [1, 2, 1, 1]> s = conv(x = x, weight = tensor<fp16, "
      "[2, 2, 1, 2]>([[[[1, 1]], [[1, 1]]], [[[0, 1]], [[1, 0]]]]));"
      "tensor<fp16, [1, 2, 1, 2]> o = mul(x = x, y = fp16(0));"
      "tensor<fp16, [1, 2, 1, 2]> y = add(x = o, y = s);";
  const Values values = {4096, 1, 1, -4096};
  EXPECT_EQ(compute(convolution, 2, values), Values({2, 2, 2, 2}));
  EXPECT_EQ(compute(convolution, 2, values, narrow), Values({0, 0, 2, 2}));
}

TEST_F(Arithmetic, SumsAreNarrowOnRequest) {
  Imitations narrow;
  narrow.narrowSums = true;
  auto sum = [](const std::string &op, int64_t width) {
    return fmt::format("tensor<fp16, [1, 2, 1, 1]> s = {}(x = x, axes = "
                       "tensor<int32, [1]>([-1]), keep_dims = bool(true));"
                       "tensor<fp16, [1, 2, 1, {}]> y = add(x = x, y = s);",
                       op, width);
  };
  // "integer sums exact up to 2048": with the first element on top.
  const Values values = rows(Values(2047, 1), Values(2500, 1), 2500);
  const Values found = compute(sum("reduce_sum", 2500), 2500, values, narrow);
  EXPECT_EQ(found[2499], 2047); // keeps num-reduce
  EXPECT_EQ(found[2500], 2048); // breaks num-reduce: 2048 + 1 is a tie
  EXPECT_EQ(compute(sum("reduce_sum", 2500), 2500, values)[2500], 2500);
  const Values mean = compute(sum("reduce_mean", 2500), 2500, values, narrow);
  EXPECT_EQ(mean[2500], 1 + float(half(2048.0F / 2500)));
  rules.exactCount = 1024;
  EXPECT_EQ(compute(sum("reduce_sum", 2500), 2500, values, narrow)[2499], 1024);
}

/// Every finite fp16 number up to `most` in magnitude.
std::vector<half> allHalves(float most) {
  std::vector<half> all;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto pattern = static_cast<uint16_t>(bits);
    half x;
    std::memcpy(&x, &pattern, sizeof x);
    if (std::abs(static_cast<float>(x)) <= most)
      all.push_back(x);
  }
  return all;
}

double exact(const std::string &op, double x) {
  const double sigmoid = 1 / (1 + std::exp(-x));
  return op == "sigmoid" ? sigmoid
         : op == "tanh"  ? std::tanh(x)
         : op == "silu"  ? x * sigmoid
                         : x / 2 * (1 + std::erf(x / std::sqrt(2.0)));
}

/// The worst errors of ane-guide, and for silu of ironmill's operator matrix; a
/// table that had none would imitate nothing.
TEST(ActivationTable, HasThePublishedErrors) {
  for (const auto &[op, published] :
       std::vector<std::pair<std::string, double>>{{"sigmoid", 0.0034},
                                                   {"tanh", 0.0017},
                                                   {"gelu", 0.0059},
                                                   {"silu", 0.015}}) {
    const auto table = ActivationTable::of(op, 33);
    ASSERT_TRUE(table);
    double worst = 0;
    for (half x : allHalves(16))
      worst =
          std::max(worst, std::abs(float((*table)(x)) - exact(op, float(x))));
    // To the two digits that are published.
    EXPECT_LT(worst, published + 1e-4) << op;
    EXPECT_GT(worst, published - 2e-4) << op;
  }
}

TEST(ActivationTable, HasThePublishedValuesAtZeroAndInfinity) {
  auto at = [](const char *op, float x) {
    return float((*ActivationTable::of(op, 33))(half(x)));
  };
  EXPECT_NEAR(at("gelu", 0), -0.000543, 1e-6);
  EXPECT_NEAR(at("silu", 0), -0.001259, 2e-6);
  for (const char *op : {"sigmoid", "tanh"}) {
    EXPECT_EQ(at(op, inf), 1);
    EXPECT_EQ(at(op, NAN), 1);
    EXPECT_EQ(at(op, 9), 1);
  }
  EXPECT_EQ(at("sigmoid", -inf), 0);
  EXPECT_EQ(at("sigmoid", -9.95F), 0); // below its domain
  EXPECT_GT(at("sigmoid", -9.9F), 0);
  EXPECT_EQ(at("tanh", -inf), -1);
  EXPECT_EQ(at("gelu", 100), 100);
  EXPECT_EQ(at("silu", -100), 0);
  EXPECT_FALSE(ActivationTable::of("exp", 33));
}

TEST_F(Arithmetic, ActivationsComeFromTablesOnRequest) {
  Imitations tables;
  tables.tables = true;
  const Values values = {0, 1.25F, -3, 70};
  for (const char *op : {"sigmoid", "tanh", "silu"}) {
    const auto table = ActivationTable::of(op, 33);
    const Values found = compute(unary(op), 2, values, tables);
    for (size_t i = 0; i < values.size(); ++i)
      EXPECT_EQ(found[i], float((*table)(half(values[i])))) << op;
    // breaks num-lut
    EXPECT_NE(found, compute(unary(op), 2, values)) << op; // keeps num-lut
  }
  rules.tableKnots = 5;
  EXPECT_EQ(compute(unary("sigmoid"), 2, values, tables)[1],
            float((*ActivationTable::of("sigmoid", 5))(half(1.25F))));
}

TEST(Imitations, AreChosenByName) {
  const target::Profile &strict = target::strictProfile();
  const target::Profile &m4 = *target::findProfile("m4");
  auto some = Imitations::parse("tables,partial-sums", m4);
  ASSERT_TRUE(some);
  EXPECT_TRUE(some->tables && some->partialSums);
  EXPECT_FALSE(some->denormals || some->narrowSums);
  const auto all = Imitations::parse("all", strict);
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->tables && all->partialSums && all->denormals &&
              all->narrowSums);
  const auto onM4 = Imitations::parse("all", m4);
  EXPECT_TRUE(onM4 && !onM4->denormals && !onM4->narrowSums);
  for (const auto &[text, message] :
       std::vector<std::pair<const char *, const char *>>{
           {"table", "but got 'table'"},
           {"", "but got ''"},
           {"tables,", "but got ''"},
           {"tables,all", "but got 'all'"},
           {"denormals", "rule num-denormals, but in 'm4' it is off"}}) {
    auto wrong = Imitations::parse(text, m4);
    ASSERT_FALSE(wrong) << text;
    EXPECT_THAT(wrong.error().message, HasSubstr(message));
  }
  target::Profile own = m4;
  own.set(target::Rule::NumLut, {target::Level::Note, 1});
  own.set(target::Rule::NumReduce, {target::Level::Refuse, 2048});
  EXPECT_TRUE(Imitations::parse("narrow-sums", own));
  EXPECT_THAT(Imitations::parse("tables", own).error().message,
              HasSubstr("num-lut from 2 to 4096"));
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
  EXPECT_EQ(compute(slice(2), 4, values), behind); // keeps op-slice-width-x16
  rules.widthSliceScale = 16;
  EXPECT_EQ(compute(slice(2), 4, values),
            Values({4094, -inf, 4094, -inf, 5, inf, 5, inf}));
  // breaks op-slice-width-x16
  EXPECT_EQ(compute(slice(0), 4, values),
            Values({4096, 1, 4096, 1, 2, 3, 2, 3}));
}

TEST_F(Arithmetic, OddContractionsAreZerosOnSomeChips) {
  EXPECT_EQ(compute(product("3"), 2, {1, 2, 3, 4}), Values({3, 2, 9, 4}));
  rules.contractionMultiple = 2;
  EXPECT_EQ(compute(product("3"), 2, {1, 2, 3, 4}), Values({3, 2, 9, 4}));
  // keeps matmul-k32
  rules.contractionMultiple = 32;
  EXPECT_EQ(compute(product("3"), 2, {1, 2, 3, 4}), Values({0, 0, 0, 0}));
  // breaks matmul-k32
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
  // breaks op-sdpa-mask, keeps op-sdpa-mask
}

} // namespace
