//===- StepUsesTest.cpp - Steps that are not done as written --------------===//
//
// Small plans, built in memory: which reads become views and which losses are
// computed with their gradients.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/StepUses.h"

#include "runtime/support/ThreadPool.h"
#include "runtime/train/BufferMoves.h"
#include "runtime/train/ElementwiseChain.h"
#include "runtime/train/InPlaceReads.h"
#include "runtime/train/LossWithGradient.h"
#include "test/runtime/train/TestSteps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace anec::rt;
using testing::ElementsAre;

namespace {

/// Buffers of the plans below, [1, 4, 6] each but the last two.
enum Buffers : size_t { A, B, C, Loss, Scale, Targets, BufferCount };
constexpr size_t surface = 0;

ValueRef buffer(size_t id) { return {ValueRef::Kind::Buffer, id, {}}; }
ValueRef gradient() { return {ValueRef::Kind::Gradient, 0, {}}; }

Step host(const std::string &name, std::vector<ValueRef> operands,
          std::vector<ValueRef> results) {
  Step step;
  step.kind = Step::Kind::Host;
  step.name = name;
  step.operands = std::move(operands);
  step.results = std::move(results);
  return step;
}

Step product(size_t a, size_t b, bool ofActivations = true) {
  Step step = host("matmul", {buffer(a), buffer(b)}, {gradient()});
  step.attributes = {{"transpose_a", ofActivations}};
  return step;
}

Step read(size_t into) {
  Step step;
  step.kind = Step::Kind::Read;
  step.from = {{surface, {}}, 0};
  step.value = buffer(into);
  return step;
}

Step dispatch() {
  Step step;
  step.kind = Step::Kind::Dispatch;
  step.outputs = {{surface, {}}};
  return step;
}

Plan plan(std::vector<Step> steps) {
  Plan result;
  Region region;
  region.rows = 6;
  region.columns = 4;
  region.blockRows = 3;
  result.surfaces = {{{"s", 3, 8, {region}}, 1}};
  for (size_t b = 0; b < BufferCount; ++b)
    result.buffers.push_back({"b", Buffer::Type::Real, {1, 4, 6}, 1});
  result.buffers[Loss].shape = result.buffers[Scale].shape = {};
  HostProgram train;
  train.name = "train_step";
  train.outputs = {{"loss", Loss}};
  train.steps = std::move(steps);
  result.programs = {train};
  return result;
}

size_t viewed(std::vector<Step> steps) {
  const Plan all = plan(std::move(steps));
  return findInPlaceReads(all).reads.size();
}

TEST(InPlaceReads, AreThoseThatOnlyProductsUse) {
  const Plan both = plan({read(A), read(B), product(A, B)});
  const InPlaceReads found = findInPlaceReads(both);
  const std::vector<Step> &steps = both.programs[0].steps;
  EXPECT_EQ(found.reads.size(), 2u);
  EXPECT_EQ(found.operands.at({&steps[2], 0}), &steps[0]);
  EXPECT_EQ(found.operands.at({&steps[2], 1}), &steps[1]);

  EXPECT_EQ(viewed({read(A), product(A, B), product(B, A)}), 1u);
  EXPECT_EQ(viewed({read(A), product(A, B, false)}), 0u);
  EXPECT_EQ(
      viewed({read(A), product(A, B), host("silu", {buffer(A)}, {buffer(C)})}),
      0u);
  EXPECT_EQ(viewed({read(A)}), 0u); // somebody outside may look
  // Another value by then.
  EXPECT_EQ(
      viewed({read(A), product(A, B), host("silu", {buffer(B)}, {buffer(A)}),
              host("silu", {buffer(A)}, {buffer(C)})}),
      1u);
}

TEST(InPlaceReads, EndWhereTheSurfaceChanges) {
  EXPECT_EQ(viewed({read(A), product(A, B), dispatch()}), 1u);
  EXPECT_EQ(viewed({read(A), dispatch(), product(A, B)}), 0u);
  EXPECT_EQ(viewed({read(A), loop({dispatch()}), product(A, B)}), 0u);
}

TEST(InPlaceReads, KnowTheNextIterationAndWhatFollowsALoop) {
  EXPECT_EQ(viewed({loop({dispatch(), read(A), product(A, B)})}), 1u);
  EXPECT_EQ(viewed({loop({product(A, B), dispatch(), read(A)})}), 0u);
  EXPECT_EQ(viewed({loop({dispatch(), read(A), product(A, B)}),
                    host("silu", {buffer(A)}, {buffer(C)})}),
            0u);
  EXPECT_EQ(viewed({loop({dispatch(), read(A), product(A, B)}), read(A),
                    host("silu", {buffer(A)}, {buffer(C)})}),
            1u);
  Plan output = plan({read(A), product(A, B)});
  output.programs[0].outputs.push_back({"witness", A});
  EXPECT_TRUE(findInPlaceReads(output).reads.empty());
}

TEST(InPlaceReads, NeedTheOrderOfHostValues) {
  Plan ordered = plan({read(A), product(A, B)});
  Region &region = ordered.surfaces[0].spec.regions[0];
  region.order.rowOrder = {0, 2, 1, 3, 4, 5};
  EXPECT_TRUE(findInPlaceReads(ordered).reads.empty());
  region.order.rowOrder.clear();
  EXPECT_EQ(findInPlaceReads(ordered).reads.size(), 1u);
  region.order.transposed = true;
  EXPECT_TRUE(findInPlaceReads(ordered).reads.empty());
}

TEST(InPlaceReads, SeeFoldedRegionsAsBlocks) {
  Region region;
  region.rows = 5;
  region.columns = 2;
  region.channel = 1;
  region.column = 3;
  region.blockRows = 2;
  std::vector<float> memory(4 * 16);
  SurfaceMap map(ElementType::F32, memory.data(), 16, region);
  const std::vector<ConstMatrix> blocks = viewOf(map);
  ASSERT_EQ(blocks.size(), 3u);
  for (size_t b = 0; b < 3; ++b) {
    EXPECT_EQ(blocks[b].data, &memory[16 + 3 + 2 * b]);
    EXPECT_EQ(blocks[b].rowStride, 16);
    EXPECT_EQ(blocks[b].columnStride, 1);
    EXPECT_EQ(blocks[b].type, MatrixType::F32);
  }
}

Step scale(size_t from, size_t to, double factor = 1) {
  Step step = host("scale", {buffer(from)}, {buffer(to)});
  step.attributes = {{"factor", factor}};
  return step;
}

size_t moved(const Plan &plan) {
  return findBufferMoves(plan, findLossesWithGradients(plan).home).size();
}

TEST(BufferMoves, AreCopiesOfWhatIsNotReadAgain) {
  const Step useCopy = host("silu", {buffer(B)}, {buffer(C)});
  const Step useOriginal = host("silu", {buffer(A)}, {buffer(C)});
  EXPECT_EQ(moved(plan({read(A), scale(A, B), useCopy})), 1u);
  EXPECT_EQ(moved(plan({read(A), scale(A, B), useCopy, useOriginal})), 0u);
  EXPECT_EQ(moved(plan({read(A), scale(A, B), read(A), useOriginal})), 1u);
  EXPECT_EQ(moved(plan({read(A), scale(A, B, 2), useCopy})), 0u);
  EXPECT_EQ(moved(plan({read(A), scale(A, A), useOriginal})), 0u);
  // The next iteration reads the original.
  EXPECT_EQ(moved(plan({loop({useOriginal, scale(A, B)})})), 0u);
  EXPECT_EQ(moved(plan({loop({read(A), useOriginal, scale(A, B)})})), 1u);
}

TEST(BufferMoves, KeepMemoryThatOthersHold) {
  const std::vector<Step> steps = {read(A), scale(A, B),
                                   host("silu", {buffer(B)}, {buffer(C)})};
  for (size_t seen : {size_t(A), size_t(B)}) {
    Plan input = plan(steps), output = plan(steps);
    input.programs[0].inputs.push_back({"data", seen});
    output.programs[0].outputs.push_back({"logits", seen});
    EXPECT_EQ(moved(input), 0u);
    EXPECT_EQ(moved(output), 0u);
    EXPECT_TRUE(
        findBufferMoves(plan(steps), {A, seen == A ? A : B, seen}).empty());
  }
  Plan several = plan(steps);
  several.buffers[A].count = 2;
  EXPECT_EQ(moved(several), 0u);
  Plan larger = plan(steps);
  larger.buffers[B].shape = {1, 4, 7};
  EXPECT_EQ(moved(larger), 0u);
}

/// logits A -> Loss, and with Scale -> B.
std::vector<Step> losses(std::vector<Step> between, std::vector<Step> after) {
  std::vector<Step> steps = {
      host("linear", {buffer(C)}, {buffer(A)}),
      host("cross_entropy", {buffer(A), buffer(Targets)}, {buffer(Loss)})};
  steps.insert(steps.end(), between.begin(), between.end());
  steps.push_back(host("cross_entropy_grad",
                       {buffer(A), buffer(Targets), buffer(Scale)},
                       {buffer(B)}));
  steps.insert(steps.end(), after.begin(), after.end());
  return steps;
}

const Step makeScale = host("loss_scale", {}, {buffer(Scale)});
const Step useGradient = host("silu", {buffer(B)}, {buffer(C)});

TEST(LossWithGradient, TakesThePlaceOfTheLogits) {
  const Plan all = plan(losses({makeScale}, {useGradient}));
  const LossesWithGradients found = findLossesWithGradients(all);
  const std::vector<Step> &steps = all.programs[0].steps;
  ASSERT_EQ(found.lossOf.size(), 1u);
  EXPECT_EQ(found.lossOf.at(&steps[3]), &steps[1]);
  EXPECT_TRUE(found.isDoneLater(steps[1]));
  EXPECT_FALSE(found.isDoneLater(steps[3]));
  EXPECT_THAT(found.home, ElementsAre(A, A, C, Loss, Scale, Targets));
}

TEST(LossWithGradient, KeepsLogitsThatAreReadAgain) {
  for (const std::vector<Step> &after :
       {std::vector<Step>{host("silu", {buffer(A)}, {buffer(C)}), useGradient},
        std::vector<Step>{useGradient,
                          host("silu", {buffer(A)}, {buffer(C)})}}) {
    const Plan all = plan(losses({makeScale}, after));
    const LossesWithGradients found = findLossesWithGradients(all);
    EXPECT_EQ(found.lossOf.size(), 1u);
    EXPECT_EQ(found.home[B], size_t(B));
  }
}

/// The gradient's buffer holds something else while there are logits.
TEST(LossWithGradient, LeavesABufferThatIsNeededBesideTheLogits) {
  std::vector<Step> steps = losses({makeScale, useGradient}, {useGradient});
  steps.insert(steps.begin(), host("embedding", {}, {buffer(B)}));
  const Plan all = plan(steps);
  const LossesWithGradients found = findLossesWithGradients(all);
  EXPECT_EQ(found.lossOf.size(), 1u);
  EXPECT_EQ(found.home[B], size_t(B));
}

TEST(LossWithGradient, IsNotForALossThatIsAskedForBefore) {
  const Plan all =
      plan(losses({host("scale", {buffer(Loss)}, {buffer(Scale)})}, {}));
  EXPECT_TRUE(findLossesWithGradients(all).lossOf.empty());
  const Plan changed =
      plan(losses({makeScale, host("silu", {buffer(A)}, {buffer(A)})}, {}));
  EXPECT_TRUE(findLossesWithGradients(changed).lossOf.empty());
  const Plan alone = plan(
      {host("cross_entropy", {buffer(A), buffer(Targets)}, {buffer(Loss)})});
  EXPECT_TRUE(findLossesWithGradients(alone).lossOf.empty());
}

size_t chainLength(std::vector<Step> steps) {
  const Plan all = plan(std::move(steps));
  const ElementwiseChains found =
      findElementwiseChains(all, findInPlaceReads(all));
  return found.byFirst.empty() ? 0 : found.byFirst.begin()->second.steps.size();
}

/// C = silu(A) * B of two reads, where A and B are needed no more.
TEST(ElementwiseChain, KeepsToItselfWhatNobodyElseNeeds) {
  const Plan all =
      plan({read(A), host("silu", {buffer(A)}, {buffer(A)}), read(B),
            host("mul", {buffer(A), buffer(B)}, {buffer(C)}), product(C, C)});
  const ElementwiseChains found =
      findElementwiseChains(all, findInPlaceReads(all));
  ASSERT_EQ(found.byFirst.size(), 1u);
  const std::vector<Step> &steps = all.programs[0].steps;
  const ElementwiseChain &chain = found.byFirst.at(&steps[0]);
  EXPECT_THAT(chain.steps,
              ElementsAre(&steps[0], &steps[1], &steps[2], &steps[3]));
  EXPECT_THAT(chain.buffers, ElementsAre(A, B, C));
  EXPECT_THAT(chain.isTemporary, ElementsAre(true, true, false));
  EXPECT_EQ(found.others.size(), 3u);
}

TEST(ElementwiseChain, EndsAtOtherSteps) {
  const Step silu = host("silu", {buffer(A)}, {buffer(B)});
  EXPECT_EQ(chainLength({read(A), silu, dispatch(), silu}), 2u);
  EXPECT_EQ(chainLength({silu, read(C), product(A, B)}), 0u);
  EXPECT_EQ(chainLength({silu, host("scale", {buffer(Scale)}, {buffer(Loss)})}),
            0u); // other shapes
  EXPECT_EQ(
      chainLength({silu, host("mul", {buffer(B), buffer(Scale)}, {buffer(C)})}),
      0u);
}

/// Against the definition, in rows that no tile divides, with tokens that fill
/// several tiles.
TEST(ElementwiseChain, ComputesTileByTile) {
  constexpr int64_t features = 6, tokens = 5000;
  Plan all = plan({read(A), host("silu", {buffer(A)}, {buffer(A)}), read(B),
                   host("mul", {buffer(A), buffer(B)}, {buffer(C)})});
  Region &region = all.surfaces[0].spec.regions[0];
  region.columns = tokens;
  for (size_t b : {A, B, C})
    all.buffers[b].shape = {1, tokens, features};
  all.programs[0].outputs.push_back({"witness", C});
  const ElementwiseChains found =
      findElementwiseChains(all, findInPlaceReads(all));
  ASSERT_EQ(found.byFirst.size(), 1u);

  std::vector<float> surface(3 * 2 * tokens);
  for (size_t i = 0; i < surface.size(); ++i)
    surface[i] = float(i % 101) / 10 - 5;
  std::vector<std::unique_ptr<SurfaceMap>> maps(4);
  for (size_t s : {0, 2})
    maps[s] = std::make_unique<SurfaceMap>(ElementType::F32, surface.data(),
                                           2 * tokens, region);
  std::vector<float> c(features * tokens);
  ThreadPool pool(2);
  runChain<float>(found.byFirst.begin()->second, {nullptr, nullptr, c.data()},
                  maps, features, tokens, pool);
  for (int64_t f = 0; f < features; ++f)
    for (int64_t t = 0; t < tokens; ++t) {
      // Rows are folded by three.
      const double x = surface[size_t(f % 3 * 2 * tokens + f / 3 * tokens + t)];
      // A few units in the last place of a value of 25 at most.
      ASSERT_NEAR(c[size_t(f * tokens + t)], x / (1 + std::exp(-x)) * x, 2e-5);
    }
}

} // namespace
