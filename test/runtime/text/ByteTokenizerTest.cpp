//===- ByteTokenizerTest.cpp - One token per byte -------------------------===//
//
// Expected ids are the bytes of UTF-8 (Unicode 15, chapter 3, table 3-6).
//
//===----------------------------------------------------------------------===//
#include "runtime/text/Tokenizer.h"

#include <gtest/gtest.h>

#include <numeric>

using namespace anec::rt;

namespace {

TEST(ByteTokenizer, IdsAreBytes) {
  auto tokenizer = makeByteTokenizer();
  EXPECT_EQ(tokenizer->encode("Az \xE2\x82\xAC"),
            (std::vector<int32_t>{65, 122, 32, 0xE2, 0x82, 0xAC}));
  EXPECT_TRUE(tokenizer->encode("").empty());
}

TEST(ByteTokenizer, EveryByteSurvivesARoundTrip) {
  auto tokenizer = makeByteTokenizer();
  std::string bytes(256, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(bytes)), bytes);
}

TEST(ByteTokenizer, SpecialsAndUnknownIdsHaveNoText) {
  auto tokenizer = makeByteTokenizer();
  std::vector<int32_t> ids = {
      tokenizer->bos(), 72, 105, tokenizer->eos(), 287, 288, -1};
  EXPECT_EQ(tokenizer->decode(ids), "Hi");
}

TEST(ByteTokenizer, VocabularyIsAMultipleOf32AndKeepsBytesAndSpecials) {
  auto tokenizer = makeByteTokenizer();
  EXPECT_EQ(tokenizer->vocabularySize(), 288);
  EXPECT_EQ(tokenizer->bos(), 256);
  EXPECT_EQ(tokenizer->eos(), 257);
  std::vector<int32_t> required = tokenizer->requiredIds();
  ASSERT_EQ(required.size(), 258u);
  EXPECT_EQ(required.front(), 0);
  EXPECT_EQ(required.back(), 257);
}

TEST(ByteTokenizer, IsFoundByItsName) {
  auto tokenizer = makeTokenizer("bytes");
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ((*tokenizer)->name(), "bytes");
}

} // namespace
