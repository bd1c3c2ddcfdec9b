//===- DataTest.cpp - Token data, its order and its vocabulary ------------===//
//
// What each kind of data file gives and what is refused.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Npy.h"
#include "runtime/train/Dataset.h"
#include "runtime/train/SequenceOrder.h"
#include "test/runtime/bundle/TestBundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

using namespace anec::rt;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()),
                     values.size() * sizeof(T));
}

TokenDataOptions small(const Tokenizer *tokenizer = nullptr) {
  TokenDataOptions options;
  options.vocabulary = 288;
  options.sequence = 4;
  options.tokenizer = tokenizer;
  options.seed = 1;
  return options;
}

std::vector<int32_t> all(const TokenData &data) {
  std::vector<int32_t> ids(size_t(data.size()));
  data.copy(0, data.size(), ids.data());
  return ids;
}

TEST(SequenceOrder, isTheRecordedFunction) {
  // reference/sequence_order.py; the first is the published test vector of
  // SplitMix64 with seed 1234567.
  EXPECT_EQ(splitMix64(1234567), 6457827717110365317u);
  EXPECT_EQ(drawPosition(1, 0, 1000), 368);
  EXPECT_EQ(drawPosition(1, 1, 1000), 526);
  EXPECT_EQ(drawPosition(1, 2, 1000), 737);
  EXPECT_EQ(drawPosition(7, 0, uint64_t(1) << 40), 793306634110);
}

TEST(TokenData, readsBinWithItsSidecar) {
  TemporaryFolder folder;
  writeText(folder / "a.bin", bytesOf<uint16_t>({3, 1, 4, 1, 5}));
  writeText(folder / "b.bin", bytesOf<uint32_t>({3, 1, 4, 1, 5}));
  writeText(folder / "b.bin.json", R"({"token_bits": 32, "bytes": 77})");
  auto a = TokenData::open(folder / "a.bin", small());
  auto b = TokenData::open(folder / "b.bin", small());
  ASSERT_TRUE(a) << a.error().message;
  ASSERT_TRUE(b) << b.error().message;
  EXPECT_THAT(all(*a), ElementsAre(3, 1, 4, 1, 5));
  EXPECT_THAT(all(*b), ElementsAre(3, 1, 4, 1, 5));
  EXPECT_THAT(a->distinct(), ElementsAre(1, 3, 4, 5));
  EXPECT_EQ(b->textBytes(), 77);
  EXPECT_NE(a->fingerprint(), b->fingerprint());
}

TEST(TokenData, tokenizesText) {
  TemporaryFolder folder;
  writeText(folder / "a.txt", "abcde");
  std::unique_ptr<Tokenizer> bytes = makeByteTokenizer();
  auto data = TokenData::open(folder / "a.txt", small(bytes.get()));
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_THAT(all(*data), ElementsAre(256, 'a', 'b', 'c', 'd', 'e'));
  EXPECT_EQ(data->textBytes(), 5);
}

TEST(TokenData, readsNpy) {
  TemporaryFolder folder;
  std::vector<int64_t> ids = {9, 8, 7, 6, 5, 4};
  std::string bytes = bytesOf(ids);
  ASSERT_FALSE(writeNpy(
      folder / "a.npy", DataType::I64, {2, 3},
      {reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}));
  auto data = TokenData::open(folder / "a.npy", small());
  ASSERT_TRUE(data) << data.error().message;
  EXPECT_THAT(all(*data), ElementsAre(9, 8, 7, 6, 5, 4));
}

TEST(TokenData, drawsSyntheticTokensBySeed) {
  TokenDataOptions options = small();
  auto a = TokenData::open("synthetic:100", options);
  auto b = TokenData::open("synthetic:100", options);
  options.seed = 2;
  auto c = TokenData::open("synthetic:100", options);
  ASSERT_TRUE(a && b && c);
  EXPECT_EQ(a->size(), 401);
  EXPECT_EQ(all(*a), all(*b));
  EXPECT_NE(all(*a), all(*c));
}

std::string complaint(const std::string &name) {
  auto result = TokenData::open(name, small());
  return result ? "" : result.error().message;
}

TEST(TokenDataErrors, nameFileExpectationAndFinding) {
  TemporaryFolder folder;
  EXPECT_THAT(complaint(folder / "no.bin"), HasSubstr("no.bin"));
  writeText(folder / "odd.bin", "abc");
  EXPECT_THAT(complaint(folder / "odd.bin"),
              AllOf(HasSubstr("odd.bin"), HasSubstr("multiple of 2"),
                    HasSubstr("got 3")));
  writeText(folder / "short.bin", bytesOf<uint16_t>({1, 2, 3, 4}));
  EXPECT_THAT(complaint(folder / "short.bin"),
              AllOf(HasSubstr("short.bin"), HasSubstr("at least 5 tokens"),
                    HasSubstr("got 4")));
  writeText(folder / "large.bin", bytesOf<uint16_t>({1, 2, 3, 4, 5, 288, 7}));
  EXPECT_THAT(complaint(folder / "large.bin"),
              AllOf(HasSubstr("large.bin"), HasSubstr("from 0 to 287"),
                    HasSubstr("token 5 is 288")));
  writeText(folder / "a.csv", "1,2");
  EXPECT_THAT(complaint(folder / "a.csv"), HasSubstr(".csv"));
  EXPECT_THAT(complaint("synthetic:0"), HasSubstr("synthetic:0"));
  EXPECT_THAT(complaint("synthetic:99999999999"), HasSubstr("synthetic:N"));
  writeText(folder / "a.bin", bytesOf<uint16_t>({1, 2, 3, 4, 5}));
  writeText(folder / "a.bin.json", R"({"token_bits": 24})");
  EXPECT_THAT(complaint(folder / "a.bin"),
              AllOf(HasSubstr("a.bin.json"), HasSubstr("/token_bits")));
}

TEST(TokenDataset, givesShiftedTargetsAsActiveIndices) {
  TemporaryFolder folder;
  writeText(folder / "a.bin",
            bytesOf<uint16_t>({10, 20, 30, 40, 50, 10, 20, 30, 40, 50}));
  auto data = TokenData::open(folder / "a.bin", small());
  ASSERT_TRUE(data);
  auto active = ActiveVocabulary::select(288, {50, 40, 30, 20, 10, 10});
  ASSERT_TRUE(active);
  auto dataset = makeTokenDataset(std::move(*data), *active, 4, 1);
  EXPECT_EQ(dataset->windows(), 2);
  Sequence sequence;
  dataset->window(1, sequence);
  EXPECT_THAT(sequence.tokens, ElementsAre(4, 0, 1, 2));
  EXPECT_THAT(sequence.targetTokens, ElementsAre(0, 1, 2, 3));
  dataset->draw(12, sequence);
  int32_t first = int32_t(drawPosition(1, 12, 6) % 5);
  EXPECT_EQ(sequence.tokens[0], first);
}

TEST(ActiveVocabulary, mapsBothWays) {
  auto active = ActiveVocabulary::select(10, {7, 2, 7});
  ASSERT_TRUE(active);
  EXPECT_EQ(active->size(), 2);
  EXPECT_TRUE(active->isCompact());
  EXPECT_EQ(active->token(1), 7);
  EXPECT_EQ(active->index(7), 1);
  EXPECT_EQ(active->index(3), -1);
  EXPECT_FALSE(ActiveVocabulary(10).isCompact());
  EXPECT_THAT(ActiveVocabulary::select(10, {3, 10}).error().message,
              AllOf(HasSubstr("from 0 to 9"), HasSubstr("10")));
}

TEST(ActiveVocabulary, fillsUpToAFixedSize) {
  auto active = ActiveVocabulary::fill(10, 4, {7, 1, 7});
  ASSERT_TRUE(active);
  EXPECT_THAT(active->ids(), ElementsAre(0, 1, 2, 7));
  EXPECT_THAT(ActiveVocabulary::fill(10, 2, {7, 2, 5}).error().message,
              AllOf(HasSubstr("at most 2"), HasSubstr("has 3")));
}

TEST(RealDataset, drawsSyntheticSequences) {
  RealDataShape shape{4, 3, 4, 2};
  auto data = openRealDataset("synthetic:5", shape, 1);
  ASSERT_TRUE(data) << data.error().message;
  Sequence a, b;
  (*data)->window(0, a);
  (*data)->window(1, b);
  EXPECT_EQ(a.data.size(), 12u);
  EXPECT_EQ(a.targets.size(), 8u);
  EXPECT_NE(a.data, b.data);
}

TEST(RealDataset, readsAnArrayOfDataAndTargets) {
  TemporaryFolder folder;
  std::vector<float> values(2 * 3 * 4 * 2);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = float(i);
  std::string bytes = bytesOf(values);
  Span<const uint8_t> view(reinterpret_cast<const uint8_t *>(bytes.data()),
                           bytes.size());
  ASSERT_FALSE(writeNpy(folder / "a.npy", DataType::F32, {2, 3, 4, 2}, view));
  auto data = openRealDataset(folder / "a.npy", {4, 2, 4, 2}, 1);
  ASSERT_TRUE(data) << data.error().message;
  Sequence sequence;
  (*data)->window(1, sequence);
  EXPECT_THAT(sequence.data, ElementsAre(8, 9, 10, 11, 12, 13, 14, 15));
  EXPECT_EQ(sequence.targets[0], 24 + 8);
  auto wrong = openRealDataset(folder / "a.npy", {5, 2, 5, 2}, 1);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message,
              AllOf(HasSubstr("a.npy"), HasSubstr("[N, 20], 10 of data")));
}

TEST(RealDataset, drawsSyntheticClasses) {
  auto data = openRealDataset("synthetic:50", {4, 3, 1, 0, 5}, 1);
  ASSERT_TRUE(data) << data.error().message;
  std::set<int32_t> seen;
  Sequence sequence;
  for (int64_t n = 0; n < 50; ++n) {
    (*data)->window(n, sequence);
    ASSERT_EQ(sequence.targetTokens.size(), 1u);
    seen.insert(sequence.targetTokens[0]);
  }
  EXPECT_EQ(seen, (std::set<int32_t>{0, 1, 2, 3, 4}));
}

TEST(RealDataset, readsRowsOfDataAndClasses) {
  TemporaryFolder folder;
  auto write = [&](const char *name, float target) {
    std::vector<float> values = {1, 2, 3, 4, 0, 5, 6, 7, 8, target};
    std::string bytes = bytesOf(values);
    Span<const uint8_t> view(reinterpret_cast<const uint8_t *>(bytes.data()),
                             bytes.size());
    return writeNpy(folder / name, DataType::F32, {2, 5}, view);
  };
  const RealDataShape shape{2, 2, 1, 0, 3};
  ASSERT_FALSE(write("good.npy", 2));
  auto data = openRealDataset(folder / "good.npy", shape, 1);
  ASSERT_TRUE(data) << data.error().message;
  Sequence sequence;
  (*data)->window(1, sequence);
  EXPECT_THAT(sequence.data, ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(sequence.targetTokens, ElementsAre(2));
  for (float wrong : {3.0f, -1.0f, 0.5f, std::nanf("")}) {
    ASSERT_FALSE(write("wrong.npy", wrong));
    auto refused = openRealDataset(folder / "wrong.npy", shape, 1);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message,
                HasSubstr("expects targets to be classes from 0 to 2"));
  }
}

} // namespace
