//===- HandoverTest.cpp - A run on its way to another process -------------===//
#include "runtime/train/Handover.h"

#include "runtime/bundle/Bundle.h"
#include "runtime/support/ThreadPool.h"
#include "test/runtime/bundle/TestBundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fcntl.h>
#include <unistd.h>

using namespace anec::rt;
using testing::HasSubstr;

namespace {

class HandoverOf : public testing::Test {
protected:
  HandoverOf() : pool(1) {
    TestBundle::language().write(folder / "bundle");
    bundle.emplace(std::move(*Bundle::open(folder / "bundle")));
  }

  ParameterStore<float> store(std::optional<uint64_t> seed) {
    return {bundle->plan(),
            *ActiveVocabulary::select(bundle->plan().vocabulary, {1, 3, 5}),
            seed, pool};
  }

  /// Every value of a tensor.
  static std::vector<float> values(ParameterStore<float> &of) {
    std::vector<float> all;
    const ParameterStore<float>::Tensors tensors = of.tensors();
    for (const NamedTensor &tensor : tensors.views) {
      const auto *first =
          reinterpret_cast<const float *>(tensor.tensor.bytes.data());
      all.insert(all.end(), first, first + tensor.tensor.bytes.size() / 4);
    }
    return all;
  }

  TemporaryFolder folder;
  ThreadPool pool;
  std::optional<Bundle> bundle;
};

TEST_F(HandoverOf, aRunKeepsEveryBit) {
  ParameterStore<float> before = store(7);
  Optimizer optimizer(before, {}, pool);
  before.gradient(0, 0)[2] = 0.3F;
  struct Nobody : Optimizer::Listener {
    Optimizer::Receivers receivers(size_t, int64_t) override { return {}; }
    void changed(size_t, int64_t) override {}
  } nobody;
  optimizer.step(0.1, 1, nobody);
  RunState state;
  state.update = 12;
  state.optimizerSteps = optimizer.steps();
  state.lossScale = {512, 3, 1};
  state.started = 0.1;
  state.measured.tokens = int64_t(1) << 53;
  state.measured.validationLoss = NAN;
  state.measured.seconds["compile"] = 1.0 / 3;
  state.measured.restarts = 4;
  state.measured.background = {24, 0.7, 0.1};
  state.measured.compiling = {8, 0.3, 0.2};
  state.unfinished = UpdateRecord{1.0 / 7, NAN, 512, 1e-3, 0.2, 30000, true};
  auto memory = writeHandover(state, before, optimizer);
  ASSERT_TRUE(memory) << memory.error().message;
  auto descriptor = memory->release();
  ASSERT_TRUE(descriptor);
  EXPECT_EQ(::fcntl(*descriptor, F_GETFD) & FD_CLOEXEC, 0);

  auto adopted = SharedMemory::adopt(*descriptor);
  ASSERT_TRUE(adopted) << adopted.error().message;
  ParameterStore<float> after = store(std::nullopt);
  Optimizer moments(after, {}, pool);
  auto found = readHandover(adopted->bytes(), after, moments);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(values(after), values(before));
  EXPECT_EQ(moments.steps(), 1);
  for (size_t i = 0; i < moments.tensors().size(); ++i) {
    const TensorView one = moments.tensors()[i].tensor,
                     two = optimizer.tensors()[i].tensor;
    ASSERT_EQ(one.bytes.size(), two.bytes.size());
    EXPECT_TRUE(
        std::equal(one.bytes.begin(), one.bytes.end(), two.bytes.begin()));
  }
  EXPECT_EQ(found->update, 12);
  EXPECT_EQ(found->lossScale.scale, 512);
  EXPECT_EQ(found->lossScale.quiet, 3);
  EXPECT_EQ(found->started, 0.1);
  EXPECT_EQ(found->measured.tokens, int64_t(1) << 53);
  EXPECT_TRUE(std::isnan(found->measured.validationLoss));
  EXPECT_EQ(found->measured.seconds["compile"], 1.0 / 3);
  EXPECT_EQ(found->measured.restarts, 4U);
  EXPECT_EQ(found->measured.background.ops, 24U);
  EXPECT_EQ(found->measured.background.seconds, 0.7);
  EXPECT_EQ(found->measured.background.waited, 0.1);
  EXPECT_EQ(found->measured.compiling.ops, 8U);
  EXPECT_EQ(found->measured.compiling.seconds, 0.3);
  EXPECT_EQ(found->measured.compiling.waited, 0.2);
  ASSERT_TRUE(found->unfinished);
  EXPECT_EQ(found->unfinished->loss, 1.0 / 7);
  EXPECT_TRUE(std::isnan(found->unfinished->norm));
  EXPECT_TRUE(found->unfinished->skipped);
}

TEST_F(HandoverOf, anythingElseIsAnError) {
  ParameterStore<float> values = store(7);
  Optimizer optimizer(values, {}, pool);
  EXPECT_FALSE(readHandover({}, values, optimizer));
  auto memory = writeHandover({}, values, optimizer);
  ASSERT_TRUE(memory);
  auto cut = memory->bytes();
  EXPECT_FALSE(readHandover({cut.data(), cut.size() - 1}, values, optimizer));
  auto state = parseRunState("{}");
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message, HasSubstr("update"));
  writeText(folder / "file", "a file with a name");
  const int file = ::open((folder / "file").c_str(), O_RDWR);
  auto named = SharedMemory::adopt(file);
  ASSERT_FALSE(named);
  EXPECT_THAT(named.error().message, HasSubstr("shared memory"));
  ::close(file);
  EXPECT_FALSE(SharedMemory::adopt(-1));
}

} // namespace
