//===- EstimateTest.cpp - The two clocks of an estimate -------------------===//
//
// Plans small enough to add up by hand; what single dispatches and host ops
// cost is tested in test/runtime/target/CostModelTest.cpp.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Estimate.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

constexpr int64_t rounds = 3;

/// rounds x (dispatch, weight gradient of `width` x `width` from 10 tokens),
/// then the loss of 1,000 logits.
Plan plan(int64_t width) {
  Plan result;
  result.buffers = {{"dy", Buffer::Type::Real, {1, 10, width}, 1},
                    {"logits", Buffer::Type::Real, {1, 10, 100}, 1},
                    {"loss", Buffer::Type::Real, {}, 1}};
  result.parameters.resize(1);
  result.parameters[0].shape = {width, width};
  Step loop, dispatch, gradient, loss;
  dispatch.kind = Step::Kind::Dispatch;
  gradient.kind = loss.kind = Step::Kind::Host;
  gradient.name = "matmul";
  gradient.operands = {{ValueRef::Kind::Buffer, 0, {}},
                       {ValueRef::Kind::Buffer, 0, {}}};
  gradient.results = {{ValueRef::Kind::Gradient, 0, {}}};
  loss.name = "cross_entropy";
  loss.operands = {{ValueRef::Kind::Buffer, 1, {}}};
  loss.results = {{ValueRef::Kind::Buffer, 2, {}}};
  loop.kind = Step::Kind::For;
  loop.count = rounds;
  loop.body = {dispatch, gradient};
  HostProgram train;
  train.name = "train_step";
  train.steps = {loop, loss};
  result.programs = {train};
  return result;
}

Estimate estimateOn(const char *chip, const Plan &plan) {
  // A kernel without work costs the floor of its chip.
  for (const Estimate &each : estimateMicroStep(plan, {target::ProgramWork{}}))
    if (each.chip == chip)
      return each;
  ADD_FAILURE() << chip;
  return {};
}

TEST(Estimate, GradientsWaitForNobody) {
  const target::Chip &chip = *target::findChip("M4");
  // Half of what loss and gradient take together.
  double loss = target::hostMs(target::HostWork::Loss, 500, chip);
  double gradient = 2.0 * 10 * 2000 * 2000 / (chip.hostGflops * 1e6);
  Estimate small = estimateOn("M4", plan(8));
  EXPECT_NEAR(small.device, rounds * chip.floorMs, 1e-12);
  EXPECT_NEAR(small.host, loss, 1e-12);
  // Little gradients are over before the loss is.
  EXPECT_NEAR(small.total, rounds * chip.floorMs + loss, 1e-12);
  ASSERT_LT(2.0 * 10 * 8 * 8 / (chip.hostGflops * 1e6), loss);

  // 80 MFLOP each at 1.3 TFLOPS take less than a dispatch: the last sticks out.
  Estimate large = estimateOn("M4", plan(2000));
  ASSERT_LT(gradient, chip.floorMs);
  ASSERT_GT(gradient, loss);
  EXPECT_NEAR(large.background, rounds * gradient, 1e-12);
  EXPECT_NEAR(large.total, rounds * chip.floorMs + gradient, 1e-12);

  // Four times that: the first starts after one dispatch, none waits.
  Estimate huge = estimateOn("M4", plan(4000));
  ASSERT_GT(4 * gradient, chip.floorMs + loss);
  EXPECT_NEAR(huge.total, chip.floorMs + rounds * 4 * gradient, 1e-12);
}

/// An update of four micro-steps, of which the first runs one kernel and the
/// others two, and the end none.
TEST(Estimate, IsTheMeanOfAnUpdate) {
  Plan plan;
  Step dispatch;
  dispatch.kind = Step::Kind::Dispatch;
  HostProgram first, other, last;
  first.name = "train_step";
  first.steps = {dispatch};
  other.name = "accumulate_step";
  other.steps = {dispatch, dispatch};
  last.name = "finish_gradients";
  plan.programs = {first, other, last};
  const target::Chip &chip = *target::findChip("M4");
  for (const Estimate &each :
       estimateMicroStep(plan, {target::ProgramWork{}}, 4))
    if (each.chip == "M4") {
      EXPECT_NEAR(each.device, (1 + 3 * 2) * chip.floorMs / 4, 1e-12);
      EXPECT_NEAR(each.total, each.device, 1e-12);
    }
}

TEST(Estimate, EveryChipHasOne) {
  std::vector<Estimate> all =
      estimateMicroStep(plan(8), {target::ProgramWork{}});
  ASSERT_EQ(all.size(), target::allChips().size());
  for (const Estimate &each : all)
    EXPECT_GT(each.total, 0) << each.chip;
  EXPECT_EQ(estimateMicroStep(Plan(), {}).front().total, 0);
}

} // namespace
