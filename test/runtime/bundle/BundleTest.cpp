//===- BundleTest.cpp - The loader and what it refuses --------------------===//
//
// Good bundles become plans; each kind of damage is one error that names the
// file and the place.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Bundle.h"

#include "test/runtime/bundle/TestBundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace anec::rt;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

namespace {

/// The message of opening `bundle`; empty when it opens.
std::string complaint(const TestBundle &bundle) {
  TemporaryFolder folder;
  bundle.write(folder.string());
  Result<Bundle> result = Bundle::open(folder.string());
  if (result)
    return "";
  EXPECT_EQ(result.error().code, ErrorCode::InvalidInput);
  return result.error().message;
}

TEST(Bundle, readsAPlan) {
  TemporaryFolder folder;
  TestBundle::withKernel().write(folder.string());
  Result<Bundle> bundle = Bundle::open(folder.string());
  ASSERT_TRUE(bundle) << bundle.error().message;
  const Plan &plan = bundle->plan();
  EXPECT_EQ(plan.model, "linear");
  EXPECT_EQ(plan.batch, 2);
  EXPECT_EQ(plan.sequence, 4);
  ASSERT_EQ(plan.parameters.size(), 2u);
  EXPECT_EQ(plan.parameters[0].elements(), 6);
  EXPECT_DOUBLE_EQ(plan.parameters[0].init.standardDeviation, 0.5);
  const Region &weight = plan.surfaces[0].spec.regions[1];
  EXPECT_EQ(weight.order.rowOrder, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(weight.order.columnOrder, (std::vector<int64_t>{2, 0, 1}));
  const HostProgram *eval = plan.program("eval_loss");
  ASSERT_TRUE(eval);
  const Step &loop = eval->steps[4];
  EXPECT_EQ(loop.kind, Step::Kind::For);
  EXPECT_TRUE(loop.reverse);
  EXPECT_TRUE(loop.body[0].inputs[0].index.loop);
  ProgramFiles files = bundle->programFiles(plan.kernels[0]);
  EXPECT_EQ(files.text, "not read by the loader");
  EXPECT_EQ(files.blobs.at("@model_path/weights/mask.bin").size(), 64u);
  EXPECT_EQ(files.exactBlobs.at("@model_path/weights/mask.bin").size(), 128u);
  EXPECT_EQ(files.exactValues.at("c7"), std::vector<double>{0.5});
}

TEST(Bundle, namesTensorsOfAFamily) {
  Parameter family;
  family.name = "layers.*.wq.weight";
  EXPECT_EQ(family.tensorName(11), "layers.11.wq.weight");
}

TEST(Bundle, keepsTheVocabularySymbolicWhenCompactable) {
  TestBundle bundle = TestBundle::language();
  for (bool compactable : {true, false}) {
    bundle.plan["compactable"] = compactable;
    TemporaryFolder folder;
    bundle.write(folder.string());
    Result<Bundle> result = Bundle::open(folder.string());
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->plan().buffers[6].shape.back(), compactable ? -1 : 16);
  }
}

TEST(BundleErrors, missingFolder) {
  Result<Bundle> result = Bundle::open("/nowhere/at/all");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("/nowhere/at/all"));
}

TEST(BundleErrors, truncatedPlan) {
  TemporaryFolder folder;
  TestBundle::linear().write(folder.string());
  std::string text = readText(folder / "plan.json");
  for (size_t size : {size_t(0), text.size() / 2, text.size() - 3}) {
    writeText(folder / "plan.json", text.substr(0, size));
    Result<Bundle> result = Bundle::open(folder.string());
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message,
                AllOf(HasSubstr("plan.json"), HasSubstr("cut off")));
  }
}

/// A million brackets would overflow the stack when the document is copied.
TEST(BundleErrors, deepNesting) {
  const std::string text(1000000, '[');
  auto plan = Bundle::fromFiles({{"plan.json", {text.begin(), text.end()}}});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message,
            "plan.json: expects at most 128 nested brackets, but there are "
            "more at byte 129");
}

TEST(BundleErrors, missingTruncatedAndChangedFiles) {
  TemporaryFolder folder;
  TestBundle::withKernel().write(folder.string());
  writeText(folder / "weights/mask.bin", std::string(63, 'm'));
  EXPECT_THAT(Bundle::open(folder.string()).error().message,
              AllOf(HasSubstr("weights/mask.bin"),
                    HasSubstr("expects 64 bytes"), HasSubstr("got 63")));
  writeText(folder / "weights/mask.bin", std::string(64, 'n'));
  EXPECT_THAT(Bundle::open(folder.string()).error().message,
              AllOf(HasSubstr("weights/mask.bin"), HasSubstr("sha256")));
  std::filesystem::remove(folder / "weights/mask.bin");
  EXPECT_THAT(Bundle::open(folder.string()).error().message,
              AllOf(HasSubstr("weights/mask.bin"), HasSubstr("none")));
}

TEST(BundleErrors, pathsThatLeaveTheBundle) {
  for (const char *path : {"../secret", "/etc/hostname", "a/../../b", "a\\b"}) {
    TemporaryFolder folder;
    TestBundle bundle = TestBundle::linear();
    bundle.write(folder / "bundle");
    json plan = json::parse(readText(folder / "bundle/plan.json"));
    plan["files"][0]["path"] = path;
    writeText(folder / "bundle/plan.json", plan.dump());
    Result<Bundle> result = Bundle::open(folder / "bundle");
    ASSERT_FALSE(result) << path;
    EXPECT_THAT(result.error().message,
                AllOf(HasSubstr("/files/0/path"), HasSubstr("inside")));
  }
}

TEST(BundleErrors, linksThatLeaveTheBundle) {
  TemporaryFolder folder;
  TestBundle bundle = TestBundle::withKernel();
  bundle.write(folder / "bundle");
  std::filesystem::rename(folder / "bundle/weights/mask.bin",
                          folder / "mask.bin");
  std::filesystem::create_symlink(folder / "mask.bin",
                                  folder / "bundle/weights/mask.bin");
  Result<Bundle> result = Bundle::open(folder / "bundle");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("lead out"));
}

/// A change to plan.json, and the place and text of the error it must give.
struct Damage {
  std::string pointer;
  json value;
  std::string place;
  const char *text;
};

TEST(BundleErrors, eachPlaceOfThePlan) {
  const std::string eval = "/programs/eval_loss/steps/";
  const Damage damages[] = {
      {"/minimum_reader", 4, "/minimum_reader", "format 2 to 3"},
      {"/format", 1, "/minimum_reader", "it has format 1"},
      {"/batch", 0, "/batch", "from 1 to"},
      {"/batch", "2", "/batch", "but got \"2\""},
      {"/model", 3, "/model", "a string"},
      {"/buffers/0/shape/2", 5, "", "expects operand 1"},
      {"/buffers/0/shape", {1, 1, 1, 1}, "/buffers/0/shape", "at most 3"},
      {"/buffers/0/shape/1", "vocabulary", "/buffers/0/shape/1", "a number"},
      {"/buffers/0/type", "half", "/buffers/0/type", "\"int32\""},
      {"/buffers/1/name", "x", "/buffers/1", "'x' comes twice"},
      {"/orders/three/1", 2, "/orders/three/1", "permutation"},
      {"/orders/three/1", 3, "/orders/three/1", "from 0 to 2"},
      {"/surfaces/0/regions/1/row_order", "three", "/surfaces/0/regions/1",
       "2 elements"},
      {"/surfaces/0/regions/1/row_order", "four", "/surfaces/0/regions/1",
       "/orders"},
      {"/surfaces/0/regions/1/column", 9, "/surfaces/0/regions/1", "column 12"},
      {"/surfaces/0/regions/1/column", 7, "/surfaces/0/regions/1", "overlap"},
      {"/surfaces/0/regions/0/channel", 1, "/surfaces/0/regions/0",
       "channel 2"},
      {"/surfaces/0/regions/0/block_rows", 3, "/block_rows", "from 1 to 2"},
      {"/kernels/0/file", "kernels/other.mil", "/kernels/0/file", "/files"},
      {"/kernels/0/exact_blobs/weights~1mask.bin", "weights/none.bin",
       "/kernels/0/exact_blobs/weights", "/files"},
      {"/kernels/0/exact_blobs",
       {{"weights/none.bin", "weights/mask_f32.bin"}},
       "/kernels/0/exact_blobs/weights/none.bin",
       "one of the kernel's blobs"},
      {"/kernels/0/exact_values/c7",
       {"a"},
       "/kernels/0/exact_values/c7/0",
       "a finite number"},
      {"/kernels/0/baked/0/parameter", "v", "/kernels/0/baked/0/parameter",
       "params.json"},
      {"/kernels/0/baked/0/path", "@model_path/../w.bin",
       "/kernels/0/baked/0/path", "@model_path"},
      {"/programs/train_step/inputs/0/role", "tokens",
       "/programs/train_step/inputs/0/role", "\"data\""},
      {"/programs/train_step/outputs/0/buffer", "y",
       "/programs/train_step/outputs/0", "rank 0"},
      {"/programs/train_step/steps/0/name", "convolve",
       "/programs/train_step/steps/0/name", "host op"},
      {"/programs/train_step/steps/0/operands", json::array(),
       "/programs/train_step/steps/0", "expects 2 operands"},
      {"/programs/train_step/steps/5/attributes", json::object(),
       "/programs/train_step/steps/5", "transpose_a"},
      {"/programs/train_step/steps/0/results/0",
       {{"parameter", "w"}},
       "/programs/train_step/steps/0/results/0",
       "a buffer or a gradient"},
      {"/programs/train_step/steps/0/operands/1",
       {{"parameter", "v"}},
       "/programs/train_step/steps/0/operands/1/parameter",
       "the name of"},
      {"/programs/train_step/steps/0/operands/1/index", 1,
       "/programs/train_step/steps/0/operands/1/index", "from 0 to 0"},
      {"/programs/train_step/steps/0/operands/1/index", "i",
       "/programs/train_step/steps/0/operands/1/index", "outside of a loop"},
      {"/programs/eval_loss/steps/3/value/buffer", "x",
       "/programs/eval_loss/steps/3", "2 x 8"},
      {"/programs/eval_loss/steps/3/to/region", "w",
       "/programs/eval_loss/steps/3/to", "weight"},
      {"/programs/eval_loss/steps/3/to/region", "v",
       "/programs/eval_loss/steps/3/to/region", "the name of"},
      {"/programs/eval_loss/steps/4/count", 3,
       "/programs/eval_loss/steps/4/steps/0/inputs/0/index", "3 instances"},
      {"/programs/eval_loss/steps/4/op", "while",
       "/programs/eval_loss/steps/4/op", "one of"},
      {"/programs/eval_loss/steps/4/steps/0",
       {{"op", "for"}, {"count", 1}, {"steps", json::array()}},
       "/programs/eval_loss/steps/4/steps/0",
       "nested"},
      {"/programs/stage/steps/0/parameter", "bias", "/programs/stage/steps/0",
       "2 x 3"},
      {"/programs/stage/steps/0/to/region", "y", "/programs/stage/steps/0/to",
       "activation"},
      {"/programs/stage/steps/0/column_scale",
       {{"parameter", "none"}},
       "/programs/stage/steps/0/column_scale/parameter",
       "the name of"},
      {"/programs/stage/steps/0/column_scale", "bias",
       "/programs/stage/steps/0/column_scale", "an object"},
      {"/programs/stage/steps/0/column_scale",
       {{"buffer", "y"}},
       "/programs/stage/steps/0/column_scale",
       "expects a parameter"},
      {"/programs/stage/steps/0/column_scale",
       {{"parameter", "bias"}, {"index", 1}},
       "/programs/stage/steps/0/column_scale/index",
       "from 0 to 0"},
      // w is 2 x 3, bias has 2 elements.
      {"/programs/stage/steps/0/column_scale",
       {{"parameter", "bias"}},
       "/programs/stage/steps/0/column_scale",
       "a vector of 3 elements, one for each column of 'w', but 'bias' is 2"},
      {"/programs/stage/steps/0/column_scale",
       {{"parameter", "w"}},
       "/programs/stage/steps/0/column_scale",
       "but 'w' is 2 x 3"},
      {"/kernels/0/baked/0/column_scale", "none",
       "/kernels/0/baked/0/column_scale", "params.json"},
      {"/kernels/0/baked/0/column_scale", "bias",
       "/kernels/0/baked/0/column_scale", "a vector of 3 elements"},
      {"/programs/stage/steps/1/kernel", "triple",
       "/programs/stage/steps/1/kernel", "kernel"},
      {"/programs/accumulate_step",
       {{"steps", json::array()}},
       "/programs",
       "'finish_gradients' beside 'accumulate_step'"},
  };
  for (const Damage &damage : damages) {
    TestBundle bundle = TestBundle::withKernel();
    bundle.plan[json::json_pointer(damage.pointer)] = damage.value;
    EXPECT_THAT(complaint(bundle),
                AllOf(HasSubstr("plan.json"), HasSubstr(damage.place),
                      HasSubstr(damage.text)))
        << damage.pointer << " = " << damage.value;
  }
}

TEST(Bundle, readsWhatTheDeviceTrains) {
  TemporaryFolder folder;
  TestBundle::trainedOnDevice().write(folder.string());
  auto bundle = Bundle::open(folder.string());
  ASSERT_TRUE(bundle) << bundle.error().message;
  const Plan &plan = bundle->plan();
  const DeviceParameter *found = plan.onDevice(0);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(plan.onDevice(1), nullptr);
  EXPECT_EQ(plan.surfaces[found->root.at.surface].spec.name, "root");
  EXPECT_EQ(plan.surfaces[found->gradient.at.surface].spec.name, "gradient");
  // The weight is written when training starts, and never staged.
  const Step &start = plan.program("stage")->steps[0];
  EXPECT_EQ(start.kind, Step::Kind::Write);
  EXPECT_EQ(start.value.kind, ValueRef::Kind::Parameter);
}

TEST(BundleErrors, eachPlaceOfWhatTheDeviceTrains) {
  const std::string first = "/device_parameters/0";
  const Damage damages[] = {
      {first + "/parameter", "v", first + "/parameter", "params.json"},
      {first + "/parameter", "bias", first + "/parameter", "matrix"},
      {first + "/rest/surface", "none", first + "/rest/surface", "a surface"},
      {first + "/rest/surface", "mean", first + "/mean/surface", "twice"},
      {first + "/rest/surface", "factors", first + "/rest",
       "'factors' has 1 of 7 x 3"},
      {first + "/mean/region", "other", first + "/mean/region", "a region"},
      {"/surfaces/1/regions/0/kind", "weight", first + "/rest",
       "an activation region"},
      {"/surfaces/2/count", 2, first + "/mean", "expects 1 surfaces"},
      {"/device_parameters", json::array(), "/device_parameters", "at least"},
      {"/device_parameters",
       {TestBundle::trainedOnDevice().plan["device_parameters"][0],
        TestBundle::trainedOnDevice().plan["device_parameters"][0]},
       "/device_parameters/1/parameter",
       "twice"},
      {"/programs/update/inputs", json::array(), "/device_parameters",
       "with factors"},
      {"/programs/update/inputs/0/role", "data",
       "/programs/update/inputs/0/role", "\"factors\""},
      {"/programs/update/inputs/0/buffer", "x", "/programs/update/inputs/0",
       "columns x 7"},
      {"/programs/finish_gradients/outputs/0/name", "gradient_squares",
       "/device_parameters", "in pairs"},
      {"/programs/finish_gradients/outputs/0/name", "norm",
       "/programs/finish_gradients/outputs/0/name", "\"gradient_peaks\""},
      {"/programs/stage/steps/0/value",
       {{"gradient", "w"}},
       "/programs/stage/steps/0/value",
       "a real buffer or a parameter"},
      {"/programs/finish_gradients/steps/1/value",
       {{"parameter", "w"}},
       "/programs/finish_gradients/steps/1/value",
       "a real buffer"},
  };
  for (const Damage &damage : damages) {
    TestBundle bundle = TestBundle::trainedOnDevice();
    bundle.plan[json::json_pointer(damage.pointer)] = damage.value;
    EXPECT_THAT(complaint(bundle),
                AllOf(HasSubstr("plan.json"), HasSubstr(damage.place),
                      HasSubstr(damage.text)))
        << damage.pointer << " = " << damage.value;
  }
  TestBundle bundle = TestBundle::trainedOnDevice();
  bundle.plan.erase("device_parameters");
  EXPECT_THAT(complaint(bundle), HasSubstr("beside a program 'update'"));
  bundle = TestBundle::trainedOnDevice();
  bundle.plan["programs"].erase("update");
  EXPECT_THAT(complaint(bundle), HasSubstr("and 'update'"));
}

TEST(BundleErrors, missingMembers) {
  for (const char *key : {"format", "model", "batch", "buffers", "surfaces",
                          "kernels", "programs"}) {
    TestBundle bundle = TestBundle::withKernel();
    bundle.plan.erase(key);
    EXPECT_THAT(complaint(bundle),
                AllOf(HasSubstr("plan.json"), HasSubstr(key)));
  }
}

TEST(BundleErrors, eachPlaceOfTheParameters) {
  const Damage damages[] = {
      {"/format", 2, "/format", "format 1"},
      {"/parameters/0/shape", {16, 0}, "/parameters/0/shape/1", "from 1"},
      {"/parameters/0/shape", {15, 6}, "/parameters/0/shape", "16 rows"},
      {"/parameters/0/init/kind", "uniform", "/parameters/0/init/kind",
       "\"normal\""},
      {"/parameters/0/init/std", -1, "/parameters/0/init/std", "at least 0"},
      {"/parameters/1/name", "embedding", "/parameters/1", "twice"},
      {"/parameters/1/count", 2, "/parameters/1", "'*'"},
  };
  for (const Damage &damage : damages) {
    TestBundle bundle = TestBundle::language();
    json parameters = json::parse(bundle.files["params.json"]);
    parameters[json::json_pointer(damage.pointer)] = damage.value;
    bundle.files["params.json"] = parameters.dump();
    EXPECT_THAT(complaint(bundle),
                AllOf(HasSubstr("params.json"), HasSubstr(damage.place),
                      HasSubstr(damage.text)))
        << damage.pointer;
  }
}

TEST(BundleErrors, stagingACompactedTable) {
  TestBundle bundle = TestBundle::language();
  bundle.plan["surfaces"] =
      json::array({{{"name", "in"},
                    {"channels", 16},
                    {"width", 6},
                    {"count", 1},
                    {"regions", json::array({{{"name", "w"},
                                              {"kind", "weight"},
                                              {"rows", 16},
                                              {"columns", 6},
                                              {"channel", 0},
                                              {"column", 0},
                                              {"block_rows", 16}}})}}});
  bundle.plan["programs"]["stage"]["steps"] =
      json::array({{{"op", "stage"},
                    {"parameter", "embedding"},
                    {"to", {{"surface", "in"}, {"region", "w"}}}}});
  EXPECT_THAT(complaint(bundle), HasSubstr("compacted"));
  bundle.plan["active_rows"] = 6; // fixed, but not the region's 16
  EXPECT_THAT(complaint(bundle), HasSubstr("16 x 6"));
  json &region = bundle.plan["surfaces"][0]["regions"][0];
  region["rows"] = region["block_rows"] = 6;
  EXPECT_EQ(complaint(bundle), "");
  bundle.plan["active_rows"] = 17;
  EXPECT_THAT(complaint(bundle), HasSubstr("from 1 to 16"));
  bundle.plan.erase("active_rows");
  region["rows"] = region["block_rows"] = 16;
  bundle.plan["compactable"] = false;
  EXPECT_EQ(complaint(bundle), "");
}

TEST(BundleErrors, anyValueInAnyPlace) {
  // Nothing may crash; a bundle that opens had an equivalent value.
  const json values[] = {nullptr,
                         true,
                         -1,
                         0,
                         3,
                         1e300,
                         int64_t(1) << 62,
                         "",
                         "i",
                         "y",
                         json::array(),
                         json::object(),
                         {1, 2, 3}};
  int refused = 0, opened = 0;
  for (const TestBundle &bundle :
       {TestBundle::withKernel(), TestBundle::trainedOnDevice()}) {
    TemporaryFolder folder;
    bundle.write(folder.string());
    const json plan = json::parse(readText(folder / "plan.json"));
    const json places = plan.flatten();
    for (const auto &[pointer, value] : places.items()) {
      (void)value;
      for (const json &other : values) {
        json changed = plan;
        changed[json::json_pointer(pointer)] = other;
        writeText(folder / "plan.json", changed.dump());
        (Bundle::open(folder.string()) ? opened : refused) += 1;
      }
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(opened, refused / 2);
}

} // namespace
