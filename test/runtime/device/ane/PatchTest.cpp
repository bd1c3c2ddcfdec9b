//===- PatchTest.cpp - New weights without a compile ----------------------===//
//
// The delta path is used only where its results show that it works.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/device/ane/AneTest.h"

#include "runtime/device/ane/Reference.h"

using namespace anec::rt;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

class AnePatch : public AneTest {
protected:
  /// Loads `scaling(1)`, then patches of 1.01, 1.02, ... and runs each; the
  /// element after 100 on a ramp.
  std::vector<float> results(int patches) {
    open();
    program = load(scaling(1));
    auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
    write(*x, ramp(1024));
    std::vector<float> all;
    for (int i = 1; i <= patches; ++i) {
      ProgramFiles files = scaling(1 + static_cast<float>(i) / 64);
      files.isPatch = true;
      program.reset(); // as the executor does
      program = load(files);
      EXPECT_EQ(run(*program, {x.get()}, {y.get()}), "");
      all.push_back(read(*y)[64]);
    }
    return all;
  }

  std::unique_ptr<Program> program;
  void TearDown() override { program.reset(); }
};

TEST_F(AnePatch, LoadsWithoutCompiling) {
  EXPECT_THAT(results(4), ElementsAre(65, 66, 67, 68)); // keeps w-patch-donor
  EXPECT_EQ(device->counters().compiles, 1u);
  EXPECT_EQ(device->counters().reloads, 4u);
  EXPECT_EQ(standIn.calls("patch"), 4);
  EXPECT_EQ(budget.used(), 1);
  EXPECT_THAT(device->counters().notes, ElementsAre());
}

/// M4, M5 and M2 Pro: the old weights stay active.
TEST_F(AnePatch, StaleWeightsAreFoundAndCompiled) {
  standIn.configure({{"stalePatches", true}});
  EXPECT_THAT(results(3), ElementsAre(65, 66, 67));
  EXPECT_EQ(device->counters().compiles, 4u);
  EXPECT_EQ(device->counters().reloads, 0u);
  EXPECT_EQ(standIn.calls("patch"), 1);
  EXPECT_THAT(device->counters().notes,
              ElementsAre(HasSubstr("computed with old weights")));
  // breaks w-patch-donor
}

TEST_F(AnePatch, RefusedPatchesAreCompiled) {
  standIn.configure({{"refusesPatches", true}});
  EXPECT_THAT(results(3), ElementsAre(65, 66, 67));
  EXPECT_EQ(device->counters().compiles, 4u);
  EXPECT_THAT(device->counters().notes,
              ElementsAre(HasSubstr("does not load patched ones")));
}

TEST_F(AnePatch, BudgetEndsWhenAStalePatchMustBeCompiled) {
  ane::CompileBudget one(1);
  options.budget = &one;
  open();
  program = load(scaling(1));
  auto x = allocate("x", 32, 32), y = allocate("y", 32, 32);
  write(*x, ramp(1024));
  standIn.configure({{"stalePatches", true}});
  ProgramFiles files = scaling(2);
  files.isPatch = true;
  program.reset();
  program = load(files);
  const std::optional<Error> error =
      device->run(*program, {x.get()}, {y.get()});
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::BudgetExhausted);
  EXPECT_THAT(run(*program, {x.get()}, {y.get()}), HasSubstr("was lost"));
}

ane::Arrays array(std::initializer_list<float> values) {
  ane::Arrays all(1);
  for (const float value : values)
    all[0].push_back(static_cast<half>(value));
  return all;
}

/// By hand: shares of (new - old) in (engine - old).
TEST(AneMatch, TellsWeightsApart) {
  const ane::Arrays old = array({1, 2, 3, 4}), fresh = array({2, 2, 4, 4});
  using ane::Match, ane::matchWeights;
  EXPECT_EQ(matchWeights(fresh, fresh, old), Match::New);
  EXPECT_EQ(matchWeights(old, fresh, old), Match::Old);
  // 0.9 of the way, plus an error across it.
  EXPECT_EQ(matchWeights(array({1.9f, 2.5f, 3.9f, 3.5f}), fresh, old),
            Match::New);
  EXPECT_EQ(matchWeights(array({1.5f, 2, 3.5f, 4}), fresh, old),
            Match::Neither);
  EXPECT_EQ(matchWeights(array({0, 0, 0, 0}), fresh, old), Match::Neither);
  EXPECT_EQ(matchWeights(fresh, fresh, fresh), Match::Unclear);
}

} // namespace
