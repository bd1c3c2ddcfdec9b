//===- ColumnScaleTest.cpp - Weights staged times a vector ----------------===//
//
// y = W diag(g) x on the CPU device, with W and g by hand: as a whole, after an
// update of both, and when only the scale may change.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/ColumnScale.h"

#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/train/ApplyUpdate.h"
#include "test/runtime/bundle/TestBundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

using namespace anec::rt;
using nlohmann::json;
using testing::ElementsAre;

namespace {

/// How the weight reaches the kernel. The CPU device takes rows of the first
/// two, stages the third as a whole, and compiles the last.
enum class Place { Natural, Transposed, Permuted, Baked };

constexpr Place places[] = {Place::Natural, Place::Transposed, Place::Permuted,
                            Place::Baked};

const char head[] = R"(program(1.3)
[buildInfo = dict<string, string>({{"coremlc-version", "3505.4.1"}})]
{
    func main<ios18>(tensor<fp16, [1, 3, 1, 12]> a00_in) {
        tensor<int32, [4]> b0 = const()[name = string("b0"), val = tensor<int32, [4]>([0, 0, 0, 0])];
        tensor<int32, [4]> s0 = const()[name = string("s0"), val = tensor<int32, [4]>([1, 3, 1, 8])];
        tensor<fp16, [1, 3, 1, 8]> x0 = slice_by_size(x = a00_in, begin = b0, size = s0)[name = string("x0")];
        tensor<int32, [4]> s1 = const()[name = string("s1"), val = tensor<int32, [4]>([1, 1, 3, 8])];
        tensor<fp16, [1, 1, 3, 8]> x = reshape(x = x0, shape = s1)[name = string("x")];
        bool no = const()[name = string("no"), val = bool(false)];
        bool yes = const()[name = string("yes"), val = bool(true)];
)";

/// A weight region of `rows` x `columns` beside x.
std::string packedWeight(int rows, int columns) {
  auto sizes = [](int a, int b, int c) {
    return "[1, " + std::to_string(a) + ", " + std::to_string(b) + ", " +
           std::to_string(c) + "]";
  };
  const std::string cut = sizes(rows, 1, columns),
                    matrix = sizes(1, rows, columns);
  return R"(        tensor<int32, [4]> b1 = const()[name = string("b1"), val = tensor<int32, [4]>([0, 0, 0, 8])];
        tensor<int32, [4]> s2 = const()[name = string("s2"), val = tensor<int32, [4]>()" +
         cut + R"()];
        tensor<fp16, )" +
         cut +
         R"(> w0 = slice_by_size(x = a00_in, begin = b1, size = s2)[name = string("w0")];
        tensor<int32, [4]> s3 = const()[name = string("s3"), val = tensor<int32, [4]>()" +
         matrix + R"()];
        tensor<fp16, )" +
         matrix + R"(> w = reshape(x = w0, shape = s3)[name = string("w")];
)";
}

const char bakedWeight[] =
    R"(        tensor<fp16, [1, 1, 2, 3]> w = const()[name = string("w"), val = tensor<fp16, [1, 1, 2, 3]>(BLOBFILE(path = string("@model_path/weights/w.bin"), offset = uint64(64)))];
)";

std::string kernelText(Place place) {
  const bool turned = place == Place::Transposed;
  return head +
         (place == Place::Baked
              ? bakedWeight
              : packedWeight(turned ? 3 : 2, turned ? 2 : 3)) +
         "        tensor<fp16, [1, 1, 2, 8]> y = matmul(x = w, y = x, "
         "transpose_x = " +
         (turned ? "yes" : "no") +
         R"(, transpose_y = no)[name = string("y")];
        tensor<int32, [4]> s4 = const()[name = string("s4"), val = tensor<int32, [4]>([1, 2, 1, 8])];
        tensor<fp16, [1, 2, 1, 8]> z00_out = reshape(x = y, shape = s4)[name = string("z00_out")];
    } -> (z00_out);
})";
}

json region(const char *name, int rows, int columns, int column) {
  return {{"name", name},      {"kind", column ? "weight" : "activation"},
          {"rows", rows},      {"columns", columns},
          {"channel", 0},      {"column", column},
          {"block_rows", rows}};
}

/// TestBundle::linear() with y computed by a kernel.
TestBundle scaled(Place place, bool trainsWeight) {
  TestBundle bundle = TestBundle::linear();
  json parameters = json::parse(bundle.files["params.json"]);
  parameters["parameters"][0]["trainable"] = trainsWeight;
  // Behind the weight: the order of the file must not matter.
  parameters["parameters"].push_back({{"name", "gain"},
                                      {"shape", {3}},
                                      {"count", 1},
                                      {"init", {{"kind", "ones"}}},
                                      {"trainable", true}});
  bundle.files["params.json"] = parameters.dump();
  bundle.files["kernels/k.mil"] = kernelText(place);
  const bool turned = place == Place::Transposed;
  json weight = region("w", turned ? 3 : 2, turned ? 2 : 3, 8);
  if (turned)
    weight["transposed"] = true;
  if (place == Place::Permuted)
    weight["row_order"] = "swapped";
  bundle.plan["orders"] = {{"swapped", {1, 0}}};
  json inside = json::array({region("x", 3, 8, 0)});
  if (place != Place::Baked)
    inside.push_back(weight);
  bundle.plan["surfaces"] = {
      {{"name", "in"},
       {"channels", 3},
       {"width", 12},
       {"count", 1},
       {"regions", inside}},
      {{"name", "out"},
       {"channels", 2},
       {"width", 8},
       {"count", 1},
       {"regions", json::array({region("y", 2, 8, 0)})}}};
  json kernel = {{"name", "k"}, {"file", "kernels/k.mil"}};
  json stage = {{"op", "stage"},
                {"parameter", "w"},
                {"column_scale", {{"parameter", "gain"}}},
                {"to", {{"surface", "in"}, {"region", "w"}}}};
  if (place == Place::Baked) {
    kernel["baked"] = json::array({{{"path", "@model_path/weights/w.bin"},
                                    {"parameter", "w"},
                                    {"column_scale", "gain"}}});
    stage = {{"op", "load"}, {"kernel", "k"}};
  }
  bundle.plan["kernels"] = json::array({kernel});
  json steps = {{{"op", "write"},
                 {"value", {{"buffer", "x"}}},
                 {"to", {{"surface", "in"}, {"region", "x"}}}},
                {{"op", "dispatch"},
                 {"kernel", "k"},
                 {"inputs", json::array({{{"surface", "in"}}})},
                 {"outputs", json::array({{{"surface", "out"}}})}},
                {{"op", "read"},
                 {"from", {{"surface", "out"}, {"region", "y"}}},
                 {"value", {{"buffer", "y"}}}}};
  // The gradients are the test's.
  for (const char *program : {"train_step", "eval_loss"})
    bundle.plan["programs"][program]["steps"] = steps;
  bundle.plan["programs"]["stage"]["steps"] = json::array({stage});
  return bundle;
}

/// W = [1 2 3; 4 5 6], g = [2 -1 0.5].
template <typename Real> class ScaledProduct {
public:
  ScaledProduct(Place place, bool trainsWeight, Numerics numerics)
      : place(place) {
    scaled(place, trainsWeight).write(folder.string());
    bundle =
        std::make_unique<Bundle>(std::move(*Bundle::open(folder.string())));
    device = makeCpuDevice(numerics, pool);
    store = std::make_unique<ParameterStore<Real>>(bundle->plan(),
                                                   ActiveVocabulary(), 1, pool);
    executor =
        std::move(*Executor<Real>::create(*bundle, *device, *store, pool));
    Span<Real> w = store->master(0, 0), g = store->master(2, 0);
    std::iota(w.begin(), w.end(), Real(1));
    g[0] = 2;
    g[1] = -1;
    g[2] = Real(0.5);
    EXPECT_FALSE(executor->run("stage"));
  }

  /// The first three columns of y for x = [I 0], which are W diag(g), row by
  /// row.
  std::vector<Real> product() {
    Span<Real> x = executor->reals(0);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = Real(i / 8 == i % 8);
    EXPECT_FALSE(executor->run("eval_loss"));
    std::vector<Real> found;
    for (size_t row : {0, 1}) {
      const size_t stored = place == Place::Permuted ? 1 - row : row;
      for (size_t column : {0, 1, 2})
        found.push_back(executor->reals(3)[stored * 8 + column]);
    }
    return found;
  }

  /// One update with rate 1 and every gradient 1: AdamW's first step is the
  /// rate times the sign, to within some units in the last place.
  void update() {
    for (size_t p = 0; p < 3; ++p)
      if (bundle->plan().parameters[p].trainable) {
        Span<float> gradient = store->gradient(p, 0);
        std::fill(gradient.begin(), gradient.end(), 1.0F);
      }
    AdamWOptions options;
    options.weightDecay = 0;
    Optimizer optimizer(*store, options, pool);
    double seconds = 0;
    AppliedUpdate applied =
        applyUpdate(*executor, optimizer, {1, 1, 0}, seconds);
    EXPECT_FALSE(applied.skipped);
    EXPECT_FALSE(applied.stagingError);
    EXPECT_FALSE(executor->finishLoading());
  }

private:
  Place place;
  TemporaryFolder folder;
  ThreadPool pool{2};
  std::unique_ptr<Bundle> bundle;
  std::unique_ptr<Device> device;

public:
  std::unique_ptr<ParameterStore<Real>> store;
  std::unique_ptr<Executor<Real>> executor;
};

/// What a few units in the last place of f32, magnified by factors up to 6, and
/// one rounding to fp16 of numbers up to 10 leave.
auto nearly(double value) { return testing::FloatNear(float(value), 0.008F); }

TEST(ColumnScale, stagesProducts) {
  for (Place place : places) {
    SCOPED_TRACE(int(place));
    // All products are exact in fp16.
    EXPECT_THAT(ScaledProduct<float>(place, true, Numerics::Ane).product(),
                ElementsAre(2, -2, 1.5, 8, -5, 3));
    EXPECT_THAT(ScaledProduct<float>(place, true, Numerics::F32).product(),
                ElementsAre(2, -2, 1.5, 8, -5, 3));
    EXPECT_THAT(ScaledProduct<double>(place, true, Numerics::F64).product(),
                ElementsAre(2, -2, 1.5, 8, -5, 3));
  }
}

TEST(ColumnScale, isUpdatedBeforeWhatItScales) {
  for (Place place : places)
    for (Numerics numerics : {Numerics::Ane, Numerics::F32}) {
      SCOPED_TRACE(int(place));
      ScaledProduct<float> run(place, /*trainsWeight=*/true, numerics);
      run.update();
      // [0 1 2; 3 4 5] diag(1, -2, -0.5)
      EXPECT_THAT(run.product(),
                  ElementsAre(nearly(0), nearly(-2), nearly(-1), nearly(3),
                              nearly(-8), nearly(-2.5)));
    }
}

TEST(ColumnScale, restagesFrozenWeights) {
  for (Place place : places) {
    SCOPED_TRACE(int(place));
    ScaledProduct<float> run(place, /*trainsWeight=*/false, Numerics::Ane);
    run.update();
    // [1 2 3; 4 5 6] diag(1, -2, -0.5)
    EXPECT_THAT(run.product(), ElementsAre(nearly(1), nearly(-4), nearly(-1.5),
                                           nearly(4), nearly(-10), nearly(-3)));
  }
}

/// Keeps what it is given.
class Recorder : public RowStaging {
public:
  explicit Recorder(std::vector<float> &values, int64_t alignment)
      : values(values), alignment(alignment) {}
  int64_t rowAlignment() const override { return alignment; }
  void put(int64_t first, int64_t count, const float *rows) override {
    std::copy_n(rows, count * 2, values.begin() + first * 2);
  }

private:
  std::vector<float> &values;
  int64_t alignment;
};

TEST(ColumnScale, handsRowsToAllReceivers) {
  const std::vector<float> scale = {10, -1};
  std::vector<float> a(8), b(8);
  ScaledRows rows{Span<const float>(scale)};
  rows.add(std::make_unique<Recorder>(a, 4));
  rows.add(std::make_unique<Recorder>(b, 6));
  EXPECT_EQ(rows.rowAlignment(), 12);
  const std::vector<float> values = {1, 2, 3, 4, 5, 6, 7, 8};
  rows.put(0, 1, values.data());
  rows.put(1, 3, values.data() + 2);
  EXPECT_THAT(a, ElementsAre(10, -2, 30, -4, 50, -6, 70, -8));
  EXPECT_EQ(b, a);
}

} // namespace
