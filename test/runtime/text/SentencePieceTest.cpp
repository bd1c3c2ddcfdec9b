//===- SentencePieceTest.cpp - Trained vocabularies -----------------------===//
//
// Trains on fables.txt. Expected ids come from SentencePiece's own programs,
// version 0.1.97, on the same text without its separator lines:
//   spm_train --model_type=bpe --vocab_size=340 --byte_fallback=true
//     --normalization_rule_name=identity --remove_extra_whitespaces=false
//     --allow_whitespace_only_pieces=true --character_coverage=0.99995
//     --split_digits=true --num_threads=1
//   spm_encode --output_format=id
//
//===----------------------------------------------------------------------===//
#include "runtime/text/SentencePiece.h"
#include "runtime/text/Tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

using namespace anec::rt;

namespace {

constexpr const char *fables = ANEC_TEST_DIR "/runtime/text/fables.txt";

class SentencePiece : public ::testing::Test {
protected:
  void SetUp() override {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string path(const std::string &name) { return (folder / name).string(); }

  std::unique_ptr<Tokenizer> train() {
    auto error = trainSentencePiece({fables}, 340, path("m.model"));
    EXPECT_FALSE(error) << error->message;
    auto tokenizer = loadSentencePiece(path("m.model"));
    EXPECT_TRUE(tokenizer) << tokenizer.error().message;
    return tokenizer ? std::move(*tokenizer) : nullptr;
  }

private:
  std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) /
      ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(SentencePiece, EncodesAsSentencePieceDoes) {
  auto tokenizer = train();
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->vocabularySize(), 340);
  EXPECT_EQ(tokenizer->encode("The fox drank water."),
            (std::vector<int32_t>{274, 284, 302, 304, 282, 315, 328, 265, 310,
                                  279, 320}));
  EXPECT_EQ(tokenizer->encode("the crow ran 42 times"),
            (std::vector<int32_t>{266, 292, 307, 282, 315, 307, 55, 337, 261,
                                  319, 329, 280}));
  EXPECT_EQ(tokenizer->encode("  two  spaces"),
            (std::vector<int32_t>{307, 307, 261, 317, 311, 307, 264, 326, 309,
                                  322, 280}));
  EXPECT_EQ(tokenizer->encode("na\xC3\xAFve \xE2\x82\xAC"),
            (std::vector<int32_t>{307, 315, 309, 198, 178, 121, 308, 307, 229,
                                  133, 175}));
}

TEST_F(SentencePiece, DecodesWhatItEncoded) {
  auto tokenizer = train();
  ASSERT_TRUE(tokenizer);
  for (const char *text :
       {"The fox drank water.", "  two  spaces", "na\xC3\xAFve \xE2\x82\xAC"})
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
}

TEST_F(SentencePiece, SpecialsAndUnknownIdsHaveNoText) {
  auto tokenizer = train();
  ASSERT_TRUE(tokenizer);
  std::vector<int32_t> ids = {1, 274, 2, 0, -1, 340};
  EXPECT_EQ(tokenizer->decode(ids), "The");
}

TEST_F(SentencePiece, KeepsSpecialsAndBytes) {
  auto tokenizer = train();
  ASSERT_TRUE(tokenizer);
  EXPECT_EQ(tokenizer->bos(), 1);
  EXPECT_EQ(tokenizer->eos(), 2);
  std::vector<int32_t> required = tokenizer->requiredIds();
  ASSERT_EQ(required.size(), 259u);
  EXPECT_EQ(required.front(), 0);
  EXPECT_EQ(required.back(), 258);
}

TEST_F(SentencePiece, MissingAndForeignFilesAreRefused) {
  auto missing = loadSentencePiece(path("none.model"));
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("none.model"), std::string::npos);

  std::ofstream(path("text.model")) << "this is not a model";
  auto foreign = loadSentencePiece(path("text.model"));
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().message.find("not a SentencePiece model"),
            std::string::npos);
  EXPECT_FALSE(makeTokenizer(path("none.model")));
}

TEST_F(SentencePiece, TrainingRefusesWhatItCannotDo) {
  std::string model = path("m.model");
  auto missing = trainSentencePiece({path("none.txt")}, 340, model);
  ASSERT_TRUE(missing);
  EXPECT_NE(missing->message.find("none.txt"), std::string::npos);

  auto tooMany = trainSentencePiece({fables}, 30000, model);
  ASSERT_TRUE(tooMany);
  EXPECT_NE(tooMany->message.find("30000"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(model));

  auto unwritable = trainSentencePiece({fables}, 340, path("no/m.model"));
  ASSERT_TRUE(unwritable);
  EXPECT_EQ(unwritable->code, ErrorCode::Io);

  std::ofstream(model) << "mine";
  EXPECT_TRUE(trainSentencePiece({fables}, 340, model));
  EXPECT_EQ(std::filesystem::file_size(model), 4u);
}

} // namespace
