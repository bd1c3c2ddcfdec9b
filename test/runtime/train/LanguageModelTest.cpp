//===- LanguageModelTest.cpp - Logits of a trained model ------------------===//
//
// A model that learnt two tokens in turn continues them. (Its scores are
// symmetric, as classifier and embedding are one: it can learn no longer
// cycle.)
//
//===----------------------------------------------------------------------===//
#include "runtime/train/LanguageModel.h"

#include "runtime/text/Generate.h"
#include "runtime/train/Trainer.h"
#include "test/runtime/bundle/TestBundle.h"
#include "test/runtime/train/HostDevice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace anec::rt;
using testing::AllOf;
using testing::HasSubstr;

namespace {

TEST(LanguageModel, continuesWhatItLearnt) {
  TemporaryFolder folder;
  TestBundle::language().write(folder / "bundle");
  std::vector<uint16_t> cycle;
  for (int i = 0; i < 400; ++i)
    cycle.push_back(uint16_t(i % 2 ? 11 : 8));
  writeText(folder / "data.bin",
            std::string(reinterpret_cast<const char *>(cycle.data()),
                        cycle.size() * 2));
  Bundle bundle = std::move(*Bundle::open(folder / "bundle"));
  HostDevice device(Numerics::F32);
  ThreadPool pool(1);
  TrainOptions options;
  options.data = folder / "data.bin";
  options.output = folder / "run";
  options.steps = 300;
  options.learningRate = 0.05;
  options.weightDecay = 0;
  auto trainer = Trainer::create(bundle, device, pool, options,
                                 [](const std::string &) {});
  ASSERT_TRUE(trainer) << trainer.error().message;
  ASSERT_TRUE((*trainer)->run());

  std::string checkpoint = *findCheckpoint(options.output);
  CheckpointState state = std::move(*readCheckpointState(checkpoint));
  EXPECT_EQ(state.active, (std::vector<int32_t>{8, 11}));
  ParameterStore<float> store(bundle.plan(), *state.activeVocabulary(),
                              std::nullopt, pool);
  ASSERT_FALSE(store.load(checkpoint));
  auto executor = Executor<float>::create(bundle, device, store, pool);
  ASSERT_TRUE(executor);
  auto model = [&](Span<const int32_t> tokens) {
    return nextLogits(**executor, tokens);
  };
  GenerateOptions how;
  how.temperature = 0;
  how.tokens = 9; // beyond the sequence of 4
  auto text = generate({8}, {}, how, model, [](int32_t) {});
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_EQ(*text, (std::vector<int32_t>{11, 8, 11, 8, 11, 8, 11, 8, 11}));

  auto outside = generate({3}, {}, how, model, [](int32_t) {});
  ASSERT_FALSE(outside);
  EXPECT_THAT(outside.error().message,
              AllOf(HasSubstr("of the 2"), HasSubstr("token 3")));
}

} // namespace
