//===- LivenessTest.cpp - Memory that a plan needs ------------------------===//
//
// Counted by hand.
//
//===----------------------------------------------------------------------===//
#include "runtime/bundle/Liveness.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

Region region(RegionKind kind, int64_t rows, int64_t columns) {
  Region result;
  result.kind = kind;
  result.rows = result.blockRows = rows;
  result.columns = columns;
  return result;
}

ValueRef buffer(size_t id) { return {ValueRef::Kind::Buffer, id, {}}; }

Step host(std::vector<ValueRef> operands, std::vector<ValueRef> results) {
  Step step;
  step.kind = Step::Kind::Host;
  step.operands = std::move(operands);
  step.results = std::move(results);
  return step;
}

Step loop(bool reverse, std::vector<Step> body) {
  Step step;
  step.kind = Step::Kind::For;
  step.count = 2;
  step.reverse = reverse;
  step.body = std::move(body);
  return step;
}

/// A surface of weights (64 bytes) that two dispatches read; each writes a tap
/// (32 bytes) that the host reads in reverse order.
Plan twoSurfaces() {
  Plan result;
  result.surfaces = {
      {{"in", 4, 8, {region(RegionKind::Weight, 4, 8)}}, 1},
      {{"tap", 2, 8, {region(RegionKind::Activation, 2, 8)}}, 2}};
  result.buffers = {{"a", Buffer::Type::Real, {1, 2, 3}, 1},
                    {"b", Buffer::Type::Real, {1, 2, 8}, 1},
                    {"loss", Buffer::Type::Real, {}, 1}};
  Step dispatch, read;
  dispatch.kind = Step::Kind::Dispatch;
  dispatch.inputs = {{0, {}}};
  dispatch.outputs = {{1, {true, 0}}};
  read.kind = Step::Kind::Read;
  read.from = {{1, {true, 0}}, 0};
  read.value = buffer(1);
  HostProgram train;
  train.name = "train_step";
  train.outputs = {{"loss", 2}};
  train.steps = {
      host({}, {buffer(0)}), host({buffer(0)}, {buffer(2)}),
      loop(/*reverse=*/false, {dispatch}),
      loop(/*reverse=*/true,
           {read, host({buffer(1)}, {{ValueRef::Kind::Gradient, 0, {}}})})};
  result.programs = {train};
  return result;
}

TEST(Liveness, CountsWhatIsLiveAtOnce) {
  MemoryBill memory = memoryOf(twoSurfaces());
  EXPECT_EQ(memory.surfaces, 64u + 2 * 32);
  EXPECT_EQ(memory.buffers, 24u + 64 + 4);
  // When the second tap becomes b: weights, both taps, b, and the loss that was
  // made before; a is dead.
  EXPECT_EQ(memory.peak, 64u + 2 * 32 + 64 + 4);
}

TEST(Liveness, WhatNobodyReadsIsLiveForAMoment) {
  Plan unread = twoSurfaces();
  unread.programs[0].steps.pop_back();
  // One tap at a time, beside weights and loss; a and loss together are 28.
  EXPECT_EQ(memoryOf(unread).peak, 64u + 32 + 4);
  unread.programs.clear();
  EXPECT_EQ(memoryOf(unread).peak, 0u);
}

/// Both taps are written before the first is read.
TEST(Liveness, TapsOfALoopAreThereTogether) {
  EXPECT_FALSE(holdActivationsInTurn(twoSurfaces())[1]);
}

TEST(Liveness, WhatAnIterationUsesUpComesInTurn) {
  Plan inTurn = twoSurfaces();
  std::vector<Step> &steps = inTurn.programs[0].steps;
  steps[2].body.push_back(steps[3].body[0]);
  steps[2].body.push_back(steps[3].body[1]);
  steps.pop_back();
  EXPECT_TRUE(holdActivationsInTurn(inTurn)[1]);
  // Another program finds there what this one left.
  HostProgram other;
  other.name = "finish_gradients";
  other.steps = {loop(/*reverse=*/false, {steps[2].body[1]})};
  inTurn.programs.push_back(other);
  EXPECT_FALSE(holdActivationsInTurn(inTurn)[1]);
}

/// A sum of gradients, which a dispatch updates, lives until the update ends.
TEST(Liveness, SumsLiveUntilTheyAreRead) {
  Plan sums = twoSurfaces();
  sums.surfaces.push_back(
      {{"sum", 4, 8, {region(RegionKind::Activation, 4, 8)}}, 2});
  HostProgram &train = sums.programs[0];
  train.name = "accumulate_step";
  Step &dispatch = train.steps[2].body[0];
  dispatch.inputs.push_back({2, {true, 0}});
  dispatch.outputs.push_back({2, {true, 0}});
  Step read;
  read.kind = Step::Kind::Read;
  read.from = {{2, {true, 0}}, 0};
  read.value = buffer(1);
  HostProgram finish;
  finish.name = "finish_gradients";
  finish.steps = {loop(/*reverse=*/false, {read})};
  sums.programs.push_back(finish);
  EXPECT_EQ(memoryOf(sums).peak, 64u + 2 * 32 + 64 + 4 + 2 * 64);
}

} // namespace
