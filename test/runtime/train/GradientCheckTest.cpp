//===- GradientCheckTest.cpp - The check finds mistakes -------------------===//
//
// Right gradients pass, wrong ones do not.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/GradientCheck.h"

#include "runtime/support/Safetensors.h"
#include "test/runtime/bundle/TestBundle.h"
#include "test/runtime/train/HostDevice.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

std::vector<GradientRow> check(const TestBundle &source,
                               const std::string &dump = "") {
  TemporaryFolder folder;
  source.write(folder.string());
  Bundle bundle = std::move(*Bundle::open(folder.string()));
  HostDevice device(Numerics::F64);
  ThreadPool pool(1);
  ParameterStore<double> store(
      bundle.plan(), ActiveVocabulary(bundle.plan().vocabulary), 1, pool);
  spreadParameters(store, 1);
  auto executor = Executor<double>::create(bundle, device, store, pool);
  EXPECT_TRUE(executor) << executor.error().message;
  TokenDataOptions open;
  open.vocabulary = 16;
  open.sequence = 4;
  auto tokens = TokenData::open("synthetic:8", open);
  auto data = makeTokenDataset(std::move(*tokens), store.vocabulary(), 4, 1);
  GradientCheckOptions options;
  options.samples = 12;
  auto rows =
      checkGradients(**executor, *data, options, [](const GradientRow &) {});
  EXPECT_TRUE(rows) << rows.error().message;
  if (!dump.empty()) {
    EXPECT_FALSE(writeGradients(store, 1.5, dump));
  }
  return *rows;
}

TEST(GradientCheck, passesRightGradients) {
  std::vector<GradientRow> rows = check(TestBundle::language());
  ASSERT_EQ(rows.size(), 2u);
  for (const GradientRow &row : rows) {
    EXPECT_TRUE(row.passes()) << row.tensor << " " << row.error;
    // What the step of 1e-4 leaves, far below the threshold.
    EXPECT_LT(row.error, 1e-6) << row.tensor;
    EXPECT_GT(row.rms, 0);
  }
  EXPECT_EQ(rows[0].tensor, "embedding");
  EXPECT_EQ(rows[0].samples, 12);
  EXPECT_EQ(rows[1].samples, 6);
}

TEST(GradientCheck, findsAForgottenTerm) {
  TestBundle bundle = TestBundle::language();
  bundle.plan["programs"]["train_step"]["steps"].erase(10); // embedding_grad
  std::vector<GradientRow> rows = check(bundle);
  EXPECT_FALSE(rows[0].passes());
  EXPECT_TRUE(rows[1].passes());
}

TEST(GradientCheck, findsAGradientThatIsNeverWritten) {
  TestBundle bundle = TestBundle::language();
  bundle.plan["programs"]["train_step"]["steps"].erase(8); // gain
  EXPECT_FALSE(check(bundle)[1].passes());
}

TEST(GradientCheck, findsAGainInTheWrongPlace) {
  // dx without the gain: right wherever all gains are 1, as they start.
  TestBundle bundle = TestBundle::language();
  auto &steps = bundle.plan["programs"]["train_step"]["steps"];
  bundle.plan["buffers"].push_back(
      {{"name", "ones"}, {"type", "real"}, {"shape", {6}}, {"count", 1}});
  steps[9]["operands"][1] = {{"buffer", "ones"}};
  nlohmann::json fill = {{"op", "host"},
                         {"name", "sum_tokens"},
                         {"operands", {{{"buffer", "x"}}}},
                         {"results", {{{"buffer", "ones"}}}},
                         {"attributes", nlohmann::json::object()}};
  steps.insert(steps.begin() + 9, fill); // any other vector
  EXPECT_FALSE(check(bundle)[0].passes());
}

TEST(GradientCheck, dumpsGradientsByTensorName) {
  TemporaryFolder folder;
  check(TestBundle::language(), folder / "g.safetensors");
  auto file = SafetensorsFile::open(folder / "g.safetensors");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors().size(), 2u);
  EXPECT_EQ(file->find("embedding")->shape, (std::vector<int64_t>{16, 6}));
  EXPECT_EQ(file->metadata().at("loss"), "1.5");
}

} // namespace
