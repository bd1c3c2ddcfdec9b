//===- ExecutorTest.cpp - Plans with kernels ------------------------------===//
//
// Every kind of step, on the CPU device: y = x + w with w staged into the
// surface or baked into the kernel.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/Executor.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/train/AdamW.h"
#include "test/runtime/bundle/TestBundle.h"
#include "test/runtime/train/HostDevice.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace anec::rt;
using nlohmann::json;
using testing::HasSubstr;

namespace {

const char packedKernel[] = R"(program(1.3)
[buildInfo = dict<string, string>({{"coremlc-version", "3505.4.1"}})]
{
    func main<ios18>(tensor<fp16, [1, 2, 1, 12]> a00_in) {
        tensor<int32, [4]> c0 = const()[name = string("c0"), val = tensor<int32, [4]>([0, 0, 0, 0])];
        tensor<int32, [4]> c1 = const()[name = string("c1"), val = tensor<int32, [4]>([1, 2, 1, 8])];
        tensor<fp16, [1, 2, 1, 8]> x = slice_by_size(x = a00_in, begin = c0, size = c1)[name = string("x")];
        tensor<int32, [4]> c2 = const()[name = string("c2"), val = tensor<int32, [4]>([0, 0, 0, 8])];
        tensor<int32, [4]> c3 = const()[name = string("c3"), val = tensor<int32, [4]>([1, 2, 1, 1])];
        tensor<fp16, [1, 2, 1, 1]> w = slice_by_size(x = a00_in, begin = c2, size = c3)[name = string("w")];
        tensor<fp16, [1, 2, 1, 8]> z00_out = add(x = x, y = w)[name = string("z00_out")];
    } -> (z00_out);
})";

const char bakedKernel[] = R"(program(1.3)
[buildInfo = dict<string, string>({{"coremlc-version", "3505.4.1"}})]
{
    func main<ios18>(tensor<fp16, [1, 2, 1, 12]> a00_in) {
        tensor<int32, [4]> c0 = const()[name = string("c0"), val = tensor<int32, [4]>([0, 0, 0, 0])];
        tensor<int32, [4]> c1 = const()[name = string("c1"), val = tensor<int32, [4]>([1, 2, 1, 8])];
        tensor<fp16, [1, 2, 1, 8]> x = slice_by_size(x = a00_in, begin = c0, size = c1)[name = string("x")];
        tensor<fp16, [1, 2, 1, 1]> w = const()[name = string("w"), val = tensor<fp16, [1, 2, 1, 1]>(BLOBFILE(path = string("@model_path/weights/w.bin"), offset = uint64(64)))];
        tensor<fp16, [1, 2, 1, 8]> z00_out = add(x = x, y = w)[name = string("z00_out")];
    } -> (z00_out);
})";

/// TestBundle::linear() with another eval_loss: each of two layers adds its own
/// bias to y, swapped by the staging order.
TestBundle layered(bool baked) {
  TestBundle bundle = TestBundle::linear();
  json parameters = json::parse(bundle.files["params.json"]);
  parameters["parameters"].push_back({{"name", "layers.*.bias"},
                                      {"shape", {2}},
                                      {"count", 2},
                                      {"init", {{"kind", "zeros"}}},
                                      {"trainable", false}});
  bundle.files["params.json"] = parameters.dump();
  bundle.files["kernels/layer.mil"] = baked ? bakedKernel : packedKernel;
  json y = {{"name", "y"},    {"kind", "activation"}, {"rows", 2},
            {"columns", 8},   {"channel", 0},         {"column", 0},
            {"block_rows", 2}};
  json w = {{"name", "w"},     {"kind", "weight"},      {"rows", 2},
            {"columns", 1},    {"channel", 0},          {"column", 8},
            {"block_rows", 2}, {"row_order", "swapped"}};
  bundle.plan["orders"] = {{"swapped", {1, 0}}};
  bundle.plan["surfaces"] = {{{"name", "in"},
                              {"channels", 2},
                              {"width", 12},
                              {"count", 2},
                              {"regions", {y, w}}},
                             {{"name", "out"},
                              {"channels", 2},
                              {"width", 8},
                              {"count", 2},
                              {"regions", json::array({y})}}};
  json kernel = {{"name", "layer"}, {"file", "kernels/layer.mil"}};
  if (baked) {
    kernel["instances"] = 2;
    kernel["baked"] = json::array({{{"path", "@model_path/weights/w.bin"},
                                    {"parameter", "layers.*.bias"},
                                    {"row_order", "swapped"}}});
  }
  bundle.plan["kernels"] = json::array({kernel});
  json instance = baked ? json("i") : json(0);
  auto at = [](const char *surface, json index, const char *region) {
    return json{{"surface", surface}, {"index", index}, {"region", region}};
  };
  json dispatch = {
      {"op", "dispatch"},
      {"kernel", "layer"},
      {"instance", instance},
      {"inputs", json::array({{{"surface", "in"}, {"index", "i"}}})},
      {"outputs", json::array({{{"surface", "out"}, {"index", "i"}}})}};
  json buffer = {{"buffer", "y"}};
  // The second layer runs first: it has a copy of the same input.
  json loop = {{"op", "for"},
               {"count", 2},
               {"reverse", true},
               {"steps", json::array({dispatch})}};
  bundle.plan["programs"]["eval_loss"]["steps"] = {
      {{"op", "write"}, {"value", buffer}, {"to", at("in", 0, "y")}},
      {{"op", "copy"}, {"from", at("in", 0, "y")}, {"to", at("in", 1, "y")}},
      loop,
      {{"op", "read"}, {"from", at("out", 1, "y")}, {"value", buffer}}};
  json stage = {{"op", "stage"},
                {"parameter", "layers.*.bias"},
                {"index", "i"},
                {"to", at("in", "i", "w")}};
  json load = {{"op", "load"}, {"kernel", "layer"}, {"instance", "i"}};
  bundle.plan["programs"]["stage"]["steps"] =
      json::array({{{"op", "for"},
                    {"count", 2},
                    {"steps", json::array({baked ? load : stage})}}});
  return bundle;
}

/// Stages every tensor by itself, as the optimiser does.
template <typename Real>
std::optional<Error> stageTensors(Executor<Real> &executor) {
  const std::vector<Parameter> &parameters = executor.plan().parameters;
  for (size_t p = 0; p < parameters.size(); ++p)
    for (int64_t i = 0; i < parameters[p].count; ++i) {
      bool complete = true;
      auto receivers = executor.stageRows(p, i, &complete);
      const std::vector<int64_t> &shape = parameters[p].shape;
      for (auto &receiver : receivers) {
        if constexpr (std::is_same_v<Real, float>)
          receiver->put(0, shape[0], executor.parameters().master(p, i).data());
        else
          ADD_FAILURE() << "rows are float";
      }
      if (complete)
        continue;
      if (auto error = executor.stageRest(p, i))
        return error;
    }
  return executor.finishStaging();
}

template <typename Real>
std::vector<Real> runLayers(bool baked, bool tensorwise, Numerics numerics,
                            bool beside = false) {
  TemporaryFolder folder;
  layered(baked).write(folder.string());
  Result<Bundle> bundle = Bundle::open(folder.string());
  EXPECT_TRUE(bundle) << bundle.error().message;
  ThreadPool pool(2);
  std::unique_ptr<Device> device = makeCpuDevice(numerics, pool);
  ParameterStore<Real> store(bundle->plan(), ActiveVocabulary(), 1, pool);
  auto executor = Executor<Real>::create(*bundle, *device, store, pool);
  EXPECT_TRUE(executor) << executor.error().message;
  Span<Real> bias = store.master(2, 1);
  bias[0] = 10;
  bias[1] = 20;
  Span<Real> y = (*executor)->reals(3);
  for (size_t i = 0; i < 16; ++i)
    y[i] = Real(i);
  if (baked) {
    auto error = (*executor)->run("eval_loss");
    EXPECT_TRUE(error && error->message.find("before the plan loads it") !=
                             std::string::npos);
  }
  (*executor)->workBeside(beside);
  auto staged =
      tensorwise ? stageTensors(**executor) : (*executor)->run("stage");
  EXPECT_FALSE(staged) << staged->message;
  auto error = (*executor)->run("eval_loss");
  EXPECT_FALSE(error) << error->message;
  EXPECT_FALSE((*executor)->finishLoading());
  EXPECT_EQ((*executor)->counters().compiling.seconds > 0,
            baked && tensorwise && beside);
  // A copy and a read of 16 elements; a copy in the run that failed.
  size_t elementSize = numerics == Numerics::Ane ? 2 : sizeof(Real);
  EXPECT_EQ((*executor)->counters().hostRead, (baked ? 48 : 32) * elementSize);
  return {y.begin(), y.end()};
}

template <typename Real> void expectSums(const std::vector<Real> &found) {
  ASSERT_EQ(found.size(), 16u);
  for (size_t i = 0; i < 16; ++i)
    EXPECT_EQ(found[i], Real(i) + (i < 8 ? 20 : 10)) << i;
}

TEST(Executor, compilesBesideTheDevice) {
  for (Numerics numerics : {Numerics::Ane, Numerics::F32})
    expectSums(runLayers<float>(/*baked=*/true, /*tensorwise=*/true, numerics,
                                /*beside=*/true));
  // Nothing to compile, and a stage that somebody waits for.
  expectSums(runLayers<float>(false, true, Numerics::Ane, true));
  expectSums(runLayers<float>(true, false, Numerics::Ane, true));
}

TEST(Executor, runsEveryKindOfStep) {
  for (bool baked : {false, true})
    for (bool tensorwise : {false, true}) {
      SCOPED_TRACE(baked ? "baked" : "packed");
      expectSums(runLayers<float>(baked, tensorwise, Numerics::Ane));
      expectSums(runLayers<float>(baked, tensorwise, Numerics::F32));
      expectSums(runLayers<double>(baked, tensorwise, Numerics::F64));
    }
}

// Two of four rows of a vocabulary are active: the kernel was compiled for so
// many, and the store holds no others.
TEST(Executor, bakesActiveRows) {
  TestBundle layers = layered(/*baked=*/true);
  layers.plan["vocabulary"] = 4;
  layers.plan["compactable"] = true;
  layers.plan["active_rows"] = 2;
  json parameters = json::parse(layers.files["params.json"]);
  json &bias = parameters["parameters"][2];
  bias["name"] = "rows";
  bias["count"] = 1;
  bias["shape"] = {4};
  bias["vocabulary_rows"] = true;
  layers.plan["kernels"][0]["baked"][0]["parameter"] = "rows";
  layers.files["params.json"] = parameters.dump();
  TemporaryFolder folder;
  layers.write(folder.string());
  Result<Bundle> bundle = Bundle::open(folder.string());
  ASSERT_TRUE(bundle) << bundle.error().message;
  ThreadPool pool(1);
  std::unique_ptr<Device> device = makeCpuDevice(Numerics::Ane, pool);
  ParameterStore<float> store(bundle->plan(),
                              *ActiveVocabulary::fill(4, 2, {1, 3}), 1, pool);
  auto executor = Executor<float>::create(*bundle, *device, store, pool);
  ASSERT_TRUE(executor) << executor.error().message;
  Span<float> values = store.master(2, 0);
  ASSERT_EQ(values.size(), 2u);
  values[0] = 10;
  values[1] = 20;
  Span<float> y = (*executor)->reals(3);
  for (size_t i = 0; i < 16; ++i)
    y[i] = float(i);
  auto error = (*executor)->run("stage");
  ASSERT_FALSE(error) << error->message;
  error = (*executor)->run("eval_loss");
  ASSERT_FALSE(error) << error->message;
  expectSums(std::vector<float>(y.begin(), y.end()));
}

constexpr int64_t features = 256, tokens = 8, rounds = 30;

/// A buffer y is doubled again and again, and each of its values makes a weight
/// gradient: work that takes much longer than the doubling.
TestBundle doubling() {
  TestBundle bundle = TestBundle::linear();
  json parameters = json::parse(bundle.files["params.json"]);
  parameters["parameters"][0]["shape"] = {features, features};
  parameters["parameters"][1]["shape"] = {features};
  bundle.files["params.json"] = parameters.dump();
  for (json &buffer : bundle.plan["buffers"])
    if (!buffer["shape"].empty())
      buffer["shape"][2] = features;
  auto host = [](const char *name, json operands, json result,
                 json attributes) {
    return json{{"op", "host"},
                {"name", name},
                {"operands", operands},
                {"results", json::array({result})},
                {"attributes", attributes}};
  };
  json x = {{"buffer", "x"}}, y = {{"buffer", "y"}};
  bundle.plan["programs"]["train_step"]["steps"] = {
      {{"op", "for"},
       {"count", rounds},
       {"steps",
        {host("scale", json::array({y}), y, {{"factor", 2}}),
         host("matmul", {y, x}, {{"gradient", "w"}},
              {{"transpose_a", true}})}}}};
  return bundle;
}

/// The gradient of w after two runs of doubling(); the sum of its squares must
/// be known after the second.
std::vector<float> runDoubling(bool overlap, int threads) {
  TemporaryFolder folder;
  doubling().write(folder.string());
  Result<Bundle> bundle = Bundle::open(folder.string());
  EXPECT_TRUE(bundle) << bundle.error().message;
  ThreadPool pool(threads);
  HostDevice device(Numerics::F32);
  ParameterStore<float> store(bundle->plan(), ActiveVocabulary(), 1, pool);
  auto executor = Executor<float>::create(*bundle, device, store, pool);
  EXPECT_TRUE(executor) << executor.error().message;
  (*executor)->workBeside(overlap);
  for (int run = 0; run < 2; ++run) {
    (*executor)->expectNorm(run == 1);
    Span<float> x = (*executor)->reals(0), y = (*executor)->reals(3);
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = float(int(i % 7) - 3);
      y[i] = float(int(i % 5) - 2);
    }
    EXPECT_FALSE((*executor)->run("train_step"));
    EXPECT_EQ(std::isnan(store.gradientSquares(0, 0)), run == 0);
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_EQ((*executor)->reals(3)[i],
                float(int(i % 5) - 2) * float(1 << rounds));
  }
  ExecutorCounters counters = (*executor)->counters();
  // One product in each round of two runs.
  EXPECT_EQ(counters.background.ops, overlap ? 2U * rounds : 0U);
  EXPECT_EQ(counters.background.seconds > 0, overlap);
  EXPECT_GT(counters.seconds["host_matmul"], 0);
  const double known = store.gradientSquares(0, 0);
  Span<float> gradient = store.gradient(0, 0);
  const double squares = sumOfSquares(Span<const float>(gradient), pool);
  EXPECT_NEAR(known, squares, squares * 0x1p-20);
  return {gradient.begin(), gradient.end()};
}

TEST(Executor, runsGradientsBesideTheDevice) {
  // Each run adds 2 + 4 + .. + 2^30 = 2^31 - 2 times y x^T, and y x^T is a
  // small integer: what f32 holds of the sums is the nearest to that.
  for (int threads : {1, 2}) {
    std::vector<float> plain = runDoubling(/*overlap=*/false, threads);
    EXPECT_EQ(runDoubling(/*overlap=*/true, threads), plain);
    for (int64_t row = 0; row < features; ++row)
      for (int64_t column = 0; column < features; ++column) {
        int64_t sum = 0;
        for (int64_t t = 0; t < tokens; ++t)
          sum += ((row * tokens + t) % 5 - 2) * ((column * tokens + t) % 7 - 3);
        double expected = 2.0 * double(sum) * double((int64_t(1) << 31) - 2);
        // Sixty additions in f32, each within half of 2^-23 of the sum.
        ASSERT_NEAR(plain[size_t(row * features + column)], expected,
                    60 * std::abs(expected) / (1 << 24));
      }
  }
}

TEST(Executor, saysWhichProgramIsMissing) {
  TemporaryFolder folder;
  TestBundle::linear().write(folder.string());
  Bundle bundle = std::move(*Bundle::open(folder.string()));
  HostDevice device(Numerics::F32);
  ThreadPool pool(1);
  ParameterStore<float> store(bundle.plan(), ActiveVocabulary(), 1, pool);
  auto executor = Executor<float>::create(bundle, device, store, pool);
  ASSERT_TRUE(executor);
  EXPECT_THAT((*executor)->run("logits")->message, HasSubstr("'logits'"));
}

} // namespace
