//===- DocumentsTest.cpp - A text file as training documents --------------===//
//
// Expected values by hand.
//
//===----------------------------------------------------------------------===//
#include "runtime/text/Documents.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

using Documents = std::vector<std::string_view>;

TEST(Documents, AreSplitAtSeparatorLines) {
  EXPECT_EQ(splitDocuments("One.\nTwo.\n<|endoftext|>\n\nThree.\n"),
            (Documents{"One.\nTwo.", "Three."}));
  EXPECT_EQ(splitDocuments("One.\r\n<|endoftext|>\r\nTwo."),
            (Documents{"One.", "Two."}));
}

TEST(Documents, EmptyOnesAreLeftOut) {
  EXPECT_EQ(splitDocuments("<|endoftext|>\n \n<|endoftext|>\nA\n<|endoftext|>"),
            (Documents{"A"}));
  EXPECT_TRUE(splitDocuments("").empty());
  EXPECT_TRUE(splitDocuments(" \n\t\n").empty());
}

TEST(Documents, ASeparatorInsideALineIsText) {
  EXPECT_EQ(splitDocuments("a <|endoftext|> b"),
            (Documents{"a <|endoftext|> b"}));
}

TEST(Documents, EachStartsWithBeginOfText) {
  auto tokenizer = makeByteTokenizer();
  EXPECT_EQ(encodeDocuments(*tokenizer, "ab\n<|endoftext|>\nc\n"),
            (std::vector<int32_t>{256, 97, 98, 256, 99}));
}

} // namespace
