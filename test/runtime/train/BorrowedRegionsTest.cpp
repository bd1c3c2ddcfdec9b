//===- BorrowedRegionsTest.cpp - Copies that dispatches do without --------===//
//
// Small plans, built in memory: a kernel leaves a region in a surface, another
// one reads it in its input.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/BorrowedRegions.h"

#include "test/runtime/train/TestSteps.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

enum Surfaces : size_t { Left, Input, Output, SurfaceCount };
enum Kernels : size_t { Forward, Backward };

RegionRef place(size_t surface, RegionId region = 0, int64_t index = 0) {
  return {{surface, {false, index}}, region};
}

Step copy(const RegionRef &from, const RegionRef &to) {
  Step step;
  step.kind = Step::Kind::Copy;
  step.from = from;
  step.to = to;
  return step;
}

Step dispatch(size_t kernel, std::vector<size_t> inputs,
              std::vector<size_t> outputs) {
  Step step;
  step.kind = Step::Kind::Dispatch;
  step.kernel = kernel;
  for (size_t input : inputs)
    step.inputs.push_back({input, {}});
  for (size_t output : outputs)
    step.outputs.push_back({output, {}});
  return step;
}

Step transfer(Step::Kind kind, const RegionRef &region) {
  Step step;
  step.kind = kind;
  step.from = step.to = region;
  return step;
}

Region region(int64_t rows, int64_t channel, int64_t column,
              int64_t blockRows) {
  Region result;
  result.rows = rows;
  result.columns = 4;
  result.channel = channel;
  result.column = column;
  result.blockRows = blockRows;
  return result;
}

/// What kernels leave lies side by side, inputs are folded.
Plan plan(std::vector<Step> steps) {
  Plan result;
  result.surfaces = {
      {{"left", 12, 4, {region(6, 0, 0, 12), region(6, 6, 0, 12)}}, 1},
      {{"in", 3, 20, {region(6, 0, 0, 3), region(6, 0, 8, 3)}}, 2},
      {{"out", 6, 4, {region(6, 0, 0, 6)}}, 1}};
  HostProgram train;
  train.name = "train_step";
  train.steps = std::move(steps);
  result.programs = {train};
  return result;
}

size_t borrowed(std::vector<Step> steps) {
  const Plan all = plan(std::move(steps));
  return findBorrowedRegions(all).copies.size();
}

const Step leave = dispatch(Forward, {Output}, {Left});
const Step use = dispatch(Backward, {Input}, {Output});
const Step first = copy(place(Left, 0), place(Input, 0));
const Step second = copy(place(Left, 1), place(Input, 1));

TEST(BorrowedRegions, AreCopiesToTheNextDispatch) {
  const Plan all = plan({leave, first, second, use});
  const BorrowedRegions found = findBorrowedRegions(all);
  const std::vector<Step> &steps = all.programs[0].steps;
  EXPECT_EQ(found.copies, (std::set<const Step *>{&steps[1], &steps[2]}));
  ASSERT_EQ(found.byKernel.size(), 1u);
  const std::vector<BorrowedRegion> &regions = found.byKernel.at(Backward);
  ASSERT_EQ(regions.size(), 2u);
  EXPECT_EQ(regions[1].input, 0u);
  EXPECT_EQ(regions[1].region.column, 8);
  EXPECT_EQ(regions[1].lenders.channel, 6);
  const std::vector<SurfaceRef> &lenders = found.lenders.at(&steps[3]);
  ASSERT_EQ(lenders.size(), 2u);
  EXPECT_EQ(lenders[0].surface, size_t(Left));

  EXPECT_EQ(borrowed({loop({leave}), loop({first, use})}), 1u);
  // Other regions of the input may change meanwhile.
  EXPECT_EQ(borrowed({leave, first,
                      transfer(Step::Kind::Write, place(Input, 1)), use}),
            1u);
}

TEST(BorrowedRegions, EndWhereARegionChanges) {
  EXPECT_EQ(borrowed({leave, first, leave, use}), 0u);
  EXPECT_EQ(borrowed({leave, first, loop({leave}), use}), 0u);
  EXPECT_EQ(borrowed({leave, first, transfer(Step::Kind::Write, place(Left, 0)),
                      use}),
            0u);
  EXPECT_EQ(borrowed({leave, first,
                      transfer(Step::Kind::Write, place(Input, 0)), use}),
            0u);
  EXPECT_EQ(borrowed({leave, first, dispatch(Backward, {Input}, {Left})}), 0u);
  EXPECT_EQ(borrowed({leave, first}), 0u);
}

TEST(BorrowedRegions, AreReadByTheirDispatchesAlone) {
  EXPECT_EQ(borrowed({leave, first, use,
                      transfer(Step::Kind::Read, place(Input, 0))}),
            0u);
  EXPECT_EQ(borrowed({leave, first, use, copy(place(Input, 0), place(Output))}),
            0u);
  // A dispatch without a copy before it reads what was copied for another.
  EXPECT_EQ(borrowed({leave, first, use, use}), 0u);
  EXPECT_EQ(borrowed({leave, first, use, first, use}), 2u);
  EXPECT_EQ(borrowed({leave, first, use, dispatch(Forward, {Input}, {Left})}),
            0u);
  // The program is the same for all dispatches.
  EXPECT_EQ(
      borrowed({leave, first, use, copy(place(Left, 1), place(Input, 0)), use}),
      0u);
  EXPECT_EQ(borrowed({leave, first, use, dispatch(Backward, {Output}, {Left})}),
            0u);
  // Another instance than the copy's.
  EXPECT_EQ(borrowed({leave, copy(place(Left, 0), place(Input, 0, 1)), use}),
            0u);
}

TEST(BorrowedRegions, LieSideBySideInTheirOrder) {
  auto borrowedFrom = [](const Region &region) {
    Plan all = plan({leave, first, use});
    all.surfaces[Left].spec.regions[0] = region;
    return findBorrowedRegions(all).copies.size();
  };
  EXPECT_EQ(borrowedFrom(region(6, 3, 0, 12)), 1u);
  EXPECT_EQ(borrowedFrom(region(6, 0, 0, 3)), 0u);
  Region ordered = region(6, 3, 0, 12);
  ordered.order.rowOrder = {0, 2, 1, 3, 4, 5};
  EXPECT_EQ(borrowedFrom(ordered), 0u);
  Region weight = region(6, 3, 0, 12);
  weight.kind = RegionKind::Weight;
  EXPECT_EQ(borrowedFrom(weight), 0u);
  Plan wide = plan({leave, first, use});
  wide.surfaces[Left].spec.width = 5;
  EXPECT_TRUE(findBorrowedRegions(wide).copies.empty());
}

} // namespace
