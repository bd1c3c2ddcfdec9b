//===- HostOpsTest.cpp - Every host op against PyTorch --------------------===//
//
// Runs each case of reference/host_ops.json (recorded by host_ops.py) in float
// and in double.
//
//===----------------------------------------------------------------------===//
#include "runtime/host/HostOps.h"

#include "runtime/bundle/HostOpSignatures.h"
#include "runtime/host/Elementwise.h"
#include "runtime/host/Loss.h"
#include "runtime/support/ThreadPool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <set>

using namespace anec::rt;
using nlohmann::json;

namespace {

const json &reference() {
  static const json document = json::parse(
      std::ifstream(ANEC_TEST_DIR "/runtime/host/reference/host_ops.json"));
  return document;
}

/// Where logical element (row-major) `i` of `shape` is stored: [B,S,D] is
/// [D, B*S], everything else as it is.
size_t stored(const std::vector<int64_t> &shape, int64_t i) {
  if (shape.size() != 3)
    return size_t(i);
  int64_t tokens = shape[0] * shape[1];
  return size_t(i % shape[2] * tokens + i / shape[2]);
}

/// Memory of one value of a case.
template <typename Real> struct Value {
  std::vector<Real> reals;
  std::vector<int32_t> integers;
  HostTensor<Real> tensor;

  explicit Value(const json &source) {
    tensor.shape = source["shape"].get<std::vector<int64_t>>();
    const json &data = source["data"];
    if (source["type"] == "int32") {
      integers = data.get<std::vector<int32_t>>();
      return;
    }
    reals.resize(data.size());
    for (size_t i = 0; i < data.size(); ++i)
      reals[stored(tensor.shape, int64_t(i))] = Real(data[i].get<double>());
  }

  HostTensor<Real> view() {
    tensor.data = reals.data();
    tensor.integers = integers.data();
    return tensor;
  }
};

/// Sums of up to a few dozen terms of size `scale`, each rounded to Real: 64
/// units in the last place of the largest value.
template <typename Real> double tolerance(const json &expected) {
  double scale = 1e-3;
  for (const json &value : expected["data"])
    scale = std::max(scale, std::abs(value.get<double>()));
  return 64 * std::numeric_limits<Real>::epsilon() * scale;
}

/// Inputs are rounded to float first; gradients of cancelling terms feel it.
template <typename Real>
std::vector<Real> runCase(const json &test, ThreadPool &pool, bool accumulate,
                          Real initial, double *squares = nullptr) {
  std::vector<Value<Real>> operands;
  for (const json &operand : test["operands"])
    operands.emplace_back(operand);
  Value<Real> result(test["result"]);
  std::fill(result.reals.begin(), result.reals.end(), initial);
  HostCall<Real> call{{}, {result.view()}, test["attributes"], pool, 1};
  call.results[0].accumulate = accumulate;
  call.results[0].squares = squares;
  for (Value<Real> &operand : operands)
    call.operands.push_back(operand.view());
  findHostFunction<Real>(test["op"])(call);
  return result.reals;
}

template <typename Real> class HostOps : public testing::Test {};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(HostOps, Reals);

TYPED_TEST(HostOps, agreeWithPyTorch) {
  using Real = TypeParam;
  ThreadPool pool(2);
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  for (const json &test : reference()["cases"]) {
    SCOPED_TRACE(test["op"].get<std::string>() + test["attributes"].dump());
    std::vector<Real> found = runCase<Real>(test, pool, false, nan);
    const json &expected = test["result"];
    auto shape = expected["shape"].get<std::vector<int64_t>>();
    for (size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found[stored(shape, int64_t(i))],
                  expected["data"][i].get<double>(), tolerance<Real>(expected))
          << "element " << i;
  }
}

TYPED_TEST(HostOps, magnitudeOfNaNIsInfinite) {
  using Real = TypeParam;
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Real infinity = std::numeric_limits<Real>::infinity();
  for (const std::vector<Real> &x :
       {std::vector<Real>{nan, 1}, {1, nan}, {1, -infinity}})
    EXPECT_EQ(maxMagnitude(x.data(), 2), infinity);
}

TYPED_TEST(HostOps, addIntoGradients) {
  using Real = TypeParam;
  ThreadPool pool(1);
  std::set<std::string> ops = {"matmul",     "embedding_grad",
                               "sum_tokens", "rms_norm_gain_grad",
                               "mul",        "scale"};
  for (const json &test : reference()["cases"]) {
    if (!ops.count(test["op"]))
      continue;
    SCOPED_TRACE(test["op"].get<std::string>());
    std::vector<Real> fresh = runCase<Real>(test, pool, false, 0);
    std::vector<Real> added = runCase<Real>(test, pool, true, 3);
    double slack = tolerance<Real>(test["result"]) +
                   8 * std::numeric_limits<Real>::epsilon();
    for (size_t i = 0; i < fresh.size(); ++i)
      ASSERT_NEAR(added[i], fresh[i] + 3, slack) << "element " << i;
  }
}

TYPED_TEST(HostOps, sumTheSquaresOfGradients) {
  using Real = TypeParam;
  ThreadPool pool(2);
  int found = 0;
  for (const json &test : reference()["cases"]) {
    if (test["op"] != "embedding_grad" &&
        !(test["op"] == "matmul" &&
          test["attributes"]["transpose_a"].get<bool>()))
      continue;
    SCOPED_TRACE(test["op"].get<std::string>());
    ++found;
    for (bool accumulate : {false, true}) {
      // What an accumulator held, where anybody looks.
      const auto size = double(test["result"]["data"].size());
      double squares = accumulate ? 9 * size : nan("");
      double expected = 0;
      for (Real number :
           runCase<Real>(test, pool, accumulate, accumulate ? 3 : 0, &squares))
        expected += double(number) * double(number);
      EXPECT_NEAR(squares, expected,
                  expected * 64 * double(std::numeric_limits<Real>::epsilon()));
    }
  }
  EXPECT_GE(found, 2);
}

TYPED_TEST(HostOps, deriveTheGainGradientAsPyTorchDoes) {
  using Real = TypeParam;
  ThreadPool pool(2);
  const json &test = reference()["derived_gain"];
  for (bool accumulate : {false, true}) {
    Value<Real> weight(test["weight"]), gain(test["gain"]);
    Value<Real> dweight(test["sum"]), dgain(test["gain"]);
    std::fill(dgain.reals.begin(), dgain.reals.end(), Real(3));
    const json none = json::object();
    HostCall<Real> call{{weight.view(), gain.view()},
                        {dweight.view(), dgain.view()},
                        none,
                        pool,
                        1};
    call.results[0].accumulate = true;
    call.results[1].accumulate = accumulate;
    double squares = 5;
    call.results[0].squares = &squares;
    findHostFunction<Real>("derive_gain_grad")(call);
    // A gain of the reference is 0: its column changes.
    EXPECT_EQ(std::count(gain.reals.begin(), gain.reals.end(), Real(0)) > 0,
              std::isnan(squares));
    for (size_t i = 0; i < dweight.reals.size(); ++i)
      ASSERT_NEAR(dweight.reals[i], test["dweight"]["data"][i].get<double>(),
                  tolerance<Real>(test["dweight"]));
    // Sums of 70 products, each as large as the largest of them at most.
    for (size_t i = 0; i < dgain.reals.size(); ++i)
      ASSERT_NEAR(dgain.reals[i] - (accumulate ? 3 : 0),
                  test["dgain"]["data"][i].get<double>(),
                  tolerance<Real>(test["dgain"]));
  }
}

/// 1 + 2^-8 is half way between two numbers of bf16: the even one is 1.
TEST(HostProducts, roundTheirOperands) {
  ThreadPool pool(1);
  const float between = 1 + 0x1p-8F;
  for (const char *op : {"linear", "matmul", "matmul transposed"})
    for (GemmPrecision precision : {GemmPrecision::Full, GemmPrecision::Bf16}) {
      const bool isTransposed = op == std::string("matmul transposed");
      const json attributes = {{"transpose_a", isTransposed}};
      float left = between, right = 1, found = 0;
      HostTensor<float> x, y, z;
      x.shape = {1, 1, 1}, x.data = &left;
      y.shape = isTransposed ? x.shape : std::vector<int64_t>{1, 1};
      y.data = &right;
      z.shape = isTransposed ? std::vector<int64_t>{1, 1} : x.shape;
      z.data = &found;
      HostCall<float> call{{x, y}, {z}, attributes, pool};
      call.precision = precision;
      findHostFunction<float>(isTransposed ? "matmul" : op)(call);
      EXPECT_EQ(found, precision == GemmPrecision::Bf16 ? 1 : between) << op;
    }
}

TYPED_TEST(HostOps, giveTheSameBitsForAnyThreadCount) {
  using Real = TypeParam;
  ThreadPool one(1), three(3);
  for (const json &test : reference()["cases"])
    EXPECT_EQ(runCase<Real>(test, one, false, 0),
              runCase<Real>(test, three, false, 0))
        << test["op"];
}

TEST(HostOpTable, hasAFunctionAndAReferenceForEverySignature) {
  std::set<std::string> recorded = {"loss_scale",        // not mathematics
                                    "derive_gain_grad"}; // "derived_gain"
  for (const json &test : reference()["cases"])
    recorded.insert(test["op"]);
  for (const HostOpSignature &signature : hostOpSignatures()) {
    EXPECT_TRUE(findHostFunction<float>(signature.name)) << signature.name;
    EXPECT_TRUE(findHostFunction<double>(signature.name)) << signature.name;
    EXPECT_TRUE(recorded.count(signature.name)) << signature.name;
  }
  EXPECT_FALSE(findHostFunction<float>("nothing"));
}

TEST(LogProbability, givesZeroTheLowestHalf) {
  std::vector<float> p = {1, 0, 0x1p-24F}, y(3);
  ThreadPool pool(1);
  logProbability(p.data(), y.data(), 3, pool);
  EXPECT_EQ(y[0], 0);
  EXPECT_EQ(y[1], -65504);
  EXPECT_FLOAT_EQ(y[2], -24 * std::log(2.0F));
}

TEST(HostOpTable, acceptsTheTypesOfEveryReferenceCase) {
  for (const json &test : reference()["cases"]) {
    std::vector<HostType> operands;
    for (const json &operand : test["operands"])
      operands.push_back({operand["type"] == "int32",
                          operand["shape"].get<std::vector<int64_t>>()});
    std::vector<HostType> results = {
        {false, test["result"]["shape"].get<std::vector<int64_t>>()}};
    auto complaint = checkHostOp(*findHostOp(test["op"]), operands, results,
                                 test["attributes"]);
    EXPECT_FALSE(complaint) << test["op"] << ": " << *complaint;
  }
}

} // namespace
