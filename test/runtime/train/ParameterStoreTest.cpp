//===- ParameterStoreTest.cpp - Master values and surfaces ----------------===//
//
// Initial values, compaction, files, and the ways into surface regions.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/ParameterStore.h"

#include "runtime/bundle/Bundle.h"
#include "runtime/support/Safetensors.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/train/RegionCopy.h"
#include "test/runtime/bundle/TestBundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

using namespace anec::rt;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

class ParameterStores : public testing::Test {
protected:
  ParameterStores() {
    TestBundle::language().write(folder / "bundle");
    bundle.emplace(std::move(*Bundle::open(folder / "bundle")));
  }

  ActiveVocabulary active() { return *ActiveVocabulary::select(16, {3, 9}); }

  TemporaryFolder folder;
  std::optional<Bundle> bundle;
  ThreadPool pool{2};
};

TEST_F(ParameterStores, fillByInitializerAndSeed) {
  ParameterStore<float> a(bundle->plan(), ActiveVocabulary(16), 1, pool);
  ParameterStore<float> b(bundle->plan(), ActiveVocabulary(16), 1, pool);
  ParameterStore<float> c(bundle->plan(), ActiveVocabulary(16), 2, pool);
  ParameterStore<double> d(bundle->plan(), ActiveVocabulary(16), 1, pool);
  EXPECT_EQ(a.master(0, 0)[5], b.master(0, 0)[5]);
  EXPECT_NE(a.master(0, 0)[5], c.master(0, 0)[5]);
  EXPECT_EQ(a.master(0, 0)[5], float(d.master(0, 0)[5]));
  EXPECT_EQ(a.master(1, 0)[0], 1.0f);
  double squares = 0;
  for (float value : a.master(0, 0))
    squares += double(value) * value;
  // 96 normal values of deviation 0.3: the estimate is within 4 of its own
  // deviations, 0.3 / sqrt(192), of it.
  EXPECT_NEAR(std::sqrt(squares / 96), 0.3, 4 * 0.3 / std::sqrt(192.0));
}

TEST_F(ParameterStores, compactionChangesNoValueAndKeepsInactiveRows) {
  ParameterStore<float> full(bundle->plan(), ActiveVocabulary(16), 1, pool);
  ParameterStore<float> compact(bundle->plan(), active(), 1, pool);
  EXPECT_THAT(compact.shape(0), ElementsAre(2, 6));
  EXPECT_EQ(compact.gradient(0, 0).size(), 12u);
  for (size_t d = 0; d < 6; ++d)
    EXPECT_EQ(compact.master(0, 0)[6 + d], full.master(0, 0)[9 * 6 + d]);

  compact.master(0, 0)[6] = 123;
  ASSERT_FALSE(compact.save(folder / "model.safetensors"));
  ASSERT_FALSE(full.load(folder / "model.safetensors"));
  EXPECT_EQ(full.master(0, 0)[9 * 6], 123);
  ParameterStore<float> other(bundle->plan(), active(), 2, pool);
  ASSERT_FALSE(other.load(folder.string())); // a folder of safetensors
  EXPECT_EQ(other.master(0, 0)[6], 123);
  ParameterStore<float> fresh(bundle->plan(), ActiveVocabulary(16), 1, pool);
  auto expectInactiveOf = [&](ParameterStore<float> &store) {
    for (size_t i = 0; i < 16 * 6; ++i) {
      const bool isActive = i / 6 == 3 || i / 6 == 9;
      if (!isActive) {
        EXPECT_EQ(store.master(0, 0)[i], fresh.master(0, 0)[i]) << i;
      }
    }
  };
  expectInactiveOf(full);
  // Another store that loaded them gives them back too, not its own.
  ASSERT_FALSE(other.save(folder / "model.safetensors"));
  ParameterStore<float> last(bundle->plan(), ActiveVocabulary(16), 3, pool);
  ASSERT_FALSE(last.load(folder / "model.safetensors"));
  EXPECT_EQ(last.master(0, 0)[9 * 6], 123);
  expectInactiveOf(last);
}

TEST_F(ParameterStores, countGradientsAsZeroWithoutWritingThem) {
  ParameterStore<float> store(bundle->plan(), ActiveVocabulary(16), 1, pool);
  bool holdsValues = false;
  Span<float> memory = store.gradientToWrite(0, 0, &holdsValues);
  EXPECT_TRUE(holdsValues); // the zeros it was made with
  memory[3] = 7;
  store.zeroGradients();
  memory = store.gradientToWrite(0, 0, &holdsValues);
  EXPECT_FALSE(holdsValues);
  EXPECT_EQ(memory[3], 7); // the writer sets every element
  memory[3] = 8;
  store.gradientToWrite(0, 0, &holdsValues);
  EXPECT_TRUE(holdsValues);
  EXPECT_EQ(store.gradient(0, 0)[3], 8);
  store.zeroGradients();
  EXPECT_EQ(store.gradient(0, 0)[3], 0); // nobody wrote: readers see zeros
}

TEST_F(ParameterStores, forgetTheSquaresOfGradientsThatMayChange) {
  ParameterStore<float> store(bundle->plan(), ActiveVocabulary(16), 1, pool);
  auto isKnown = [&] { return !std::isnan(store.gradientSquares(0, 0)); };
  EXPECT_FALSE(isKnown());
  bool holdsValues = false;
  for (int way = 0; way < 3; ++way) {
    double *squares = nullptr;
    store.gradientToWrite(0, 0, &holdsValues, &squares);
    *squares = 7;
    EXPECT_EQ(store.gradientSquares(0, 0), 7);
    if (way == 0)
      store.gradientToWrite(0, 0, &holdsValues);
    else if (way == 1)
      store.gradient(0, 0);
    else
      store.zeroGradients();
    EXPECT_FALSE(isKnown()) << way;
  }
}

TEST_F(ParameterStores, refuseFilesThatDoNotFit) {
  ParameterStore<float> store(bundle->plan(), ActiveVocabulary(16), 1, pool);
  std::vector<float> values(7);
  TensorView view;
  view.shape = {7};
  view.bytes = {reinterpret_cast<const uint8_t *>(values.data()), 28};
  std::string path = folder / "a.safetensors";
  ASSERT_FALSE(writeSafetensors(path, {{"embedding", view}}));
  EXPECT_THAT(
      store.load(path)->message,
      AllOf(HasSubstr("'embedding'"), HasSubstr("[16, 6]"), HasSubstr("[7]")));
  ASSERT_FALSE(writeSafetensors(path, {{"other", view}}));
  EXPECT_THAT(store.load(path)->message,
              AllOf(HasSubstr("a.safetensors"), HasSubstr("'embedding'")));
}

Region region(int64_t rows, int64_t columns, int64_t blockRows) {
  Region result;
  result.rows = rows;
  result.columns = columns;
  result.channel = 1;
  result.column = 2;
  result.blockRows = blockRows;
  return result;
}

TEST(RegionCopy, goesBetweenSurfacesOfOneWidth) {
  Region folded = region(3, 2, 2), flat = region(3, 2, 3);
  std::vector<half> from(3 * 8), to(4 * 8);
  SurfaceMap source(ElementType::F16, from.data(), 8, folded);
  SurfaceMap target(ElementType::F16, to.data(), 8, flat);
  ThreadPool pool(1);
  std::vector<float> matrix = {1, 2, 3, 4, 5, 6}, found(6);
  writeRegion(static_cast<const float *>(matrix.data()), source, pool);
  ASSERT_TRUE(copyRegion(source, target, pool));
  readRegion(target, found.data(), pool);
  EXPECT_EQ(found, matrix);
  // Nothing is done for other orders and widths.
  const std::vector<half> before = to;
  flat.order.rowOrder = {1, 0, 2};
  EXPECT_FALSE(copyRegion(source, target, pool));
  SurfaceMap wide(ElementType::F32, to.data(), 4, folded);
  EXPECT_FALSE(copyRegion(source, wide, pool));
  EXPECT_EQ(to, before);
}

TEST(RegionCopy, foldsRowsIntoBlocks) {
  // Rows 0, 1 at channels 1, 2; row 2 in the second block beside row 0.
  Region where = region(3, 2, 2);
  std::vector<half> surface(3 * 8);
  SurfaceMap map(ElementType::F16, surface.data(), 8, where);
  std::vector<float> matrix = {1, 2, 3, 4, 5, 6};
  ThreadPool pool(1);
  writeRegion(static_cast<const float *>(matrix.data()), map, pool);
  std::vector<float> found(surface.begin(), surface.end());
  EXPECT_THAT(found, ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, //
                                 0, 0, 1, 2, 5, 6, 0, 0, //
                                 0, 0, 3, 4, 0, 0, 0, 0));
  std::vector<float> back(6);
  readRegion(map, back.data(), pool);
  EXPECT_EQ(back, matrix);
}

TEST(RegionCopy, permutesThenTransposes) {
  // Logical 2 x 3; rows swapped, columns 2, 0, 1; then transposed to 3 x 2.
  Region where = region(3, 2, 3);
  where.order = {true, {1, 0}, {2, 0, 1}};
  std::vector<double> surface(4 * 4);
  SurfaceMap map(ElementType::F64, surface.data(), 4, where);
  std::vector<double> matrix = {1, 2, 3, 4, 5, 6};
  ThreadPool pool(1);
  writeRegion(static_cast<const double *>(matrix.data()), map, pool);
  EXPECT_THAT(surface, ElementsAre(0, 0, 0, 0, //
                                   0, 0, 6, 3, //
                                   0, 0, 4, 1, //
                                   0, 0, 5, 2));
  std::vector<double> back(6);
  readRegion(map, back.data(), pool);
  EXPECT_EQ(back, matrix);
  BakedWeight baked = bakeMatrix(static_cast<const double *>(matrix.data()), 2,
                                 3, where.order, ElementType::F32);
  std::vector<float> stored(6);
  std::memcpy(stored.data(), baked.bytes.data(), baked.bytes.size());
  EXPECT_THAT(stored, ElementsAre(6, 3, 4, 1, 5, 2));
}

} // namespace
