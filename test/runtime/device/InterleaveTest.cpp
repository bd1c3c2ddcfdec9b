//===- InterleaveTest.cpp - Several surfaces in one array -----------------===//
//
// Small rows are placed by hand, others by looking at every column.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Interleave.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

using namespace anec::rt::cpu;
using testing::ElementsAre;
using testing::SizeIs;

namespace {

/// '.' unused, 't' in turn, 'a' alone.
std::vector<ColumnUse> row(const std::string &text) {
  std::vector<ColumnUse> uses;
  for (char c : text)
    uses.push_back(c == 't'   ? ColumnUse::InTurn
                   : c == 'a' ? ColumnUse::Alone
                              : ColumnUse::None);
  return uses;
}

TEST(Interleave, PutsActivationsIntoTheGapsOfOthers) {
  // aa......  then ..aa.... and so on: four fill the row.
  EXPECT_THAT(interleave(row("aa......"), 4, 1), ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(interleave(row("aa......"), 9, 1), ElementsAre(0, 2, 4, 6));
  EXPECT_THAT(interleave(row("aaaaa..."), 2, 1), ElementsAre(0));
}

TEST(Interleave, KeepsToTheUnitWhereAllFit) {
  EXPECT_THAT(interleave(row("aa......"), 2, 4), ElementsAre(0, 4));
  EXPECT_THAT(interleave(row("aa......"), 3, 4), ElementsAre(0, 2, 4));
}

TEST(Interleave, LaysActivationsInTurnOverEachOther) {
  EXPECT_THAT(interleave(row("tttttttt"), 3, 4), ElementsAre(0, 0, 0));
  // Only the last column is the surface's own: ttt....a, and the second one's
  // falls into the gap of the first.
  EXPECT_THAT(interleave(row("ttt....a"), 2, 1), ElementsAre(0, 4));
}

/// Writes the number of each array into its columns of a few rows and looks
/// whether it is still there.
void expectApart(const std::vector<ColumnUse> &uses, int64_t count) {
  const std::vector<int64_t> shifts = interleave(uses, count, 32);
  const int64_t width = int64_t(uses.size()), rows = 3;
  ASSERT_FALSE(shifts.empty());
  std::vector<int> memory(size_t(rows * width + shifts.back()));
  auto each = [&](size_t array, ColumnUse use, auto visit) {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < width; ++c)
        if (uses[size_t(c)] == use)
          visit(memory[size_t(r * width + c + shifts[array])]);
  };
  for (size_t i = 0; i < shifts.size(); ++i)
    each(i, ColumnUse::Alone, [&](int &place) { place = int(i) + 1; });
  for (size_t i = 0; i < shifts.size(); ++i)
    each(i, ColumnUse::InTurn, [&](int &place) { place = -1; });
  for (size_t i = 0; i < shifts.size(); ++i)
    each(i, ColumnUse::Alone,
         [&](int &place) { ASSERT_EQ(place, int(i) + 1); });
}

/// The surfaces of Stories110M: activations first, gains last.
TEST(Interleave, KeepsWeightsInPlaceApart) {
  for (char activation : {'a', 't'}) {
    const auto forward =
        row(std::string(256, activation) + std::string(9216, '.') + "aa" +
            std::string(30, '.'));
    const auto backward =
        row(std::string(3072, activation) + std::string(9216, '.') + "aa" +
            std::string(30, '.'));
    EXPECT_THAT(interleave(forward, 12, 32), SizeIs(12));
    expectApart(forward, 12);
    EXPECT_THAT(interleave(backward, 12, 32),
                SizeIs(activation == 't' ? 12 : 3));
    expectApart(backward, 12);
  }
}

} // namespace
