//===- SafetensorsTest.cpp - Named tensors in one file --------------------===//
//
// The format's own description is the source of the expected bytes.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Safetensors.h"

#include "runtime/support/AtomicFile.h"

#include <gtest/gtest.h>

using namespace anec::rt;

namespace {

std::string filePath() { return testing::TempDir() + "/test.safetensors"; }

Result<SafetensorsFile> openText(const std::string &header,
                                 const std::string &data) {
  std::string file;
  for (int i = 0; i < 8; ++i)
    file += static_cast<char>(header.size() >> (8 * i) & 0xff);
  EXPECT_FALSE(writeFileAtomically(filePath(), file + header + data));
  return SafetensorsFile::open(filePath());
}

TEST(Safetensors, ReadsAFile) {
  auto file = openText(R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F16",)"
                       R"("shape":[1,2],"data_offsets":[0,4]}})",
                       "\1\2\3\4");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata().at("format"), "pt");
  const TensorView *tensor = file->find("a");
  ASSERT_TRUE(tensor);
  EXPECT_EQ(tensor->type, DataType::F16);
  EXPECT_EQ(tensor->shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(tensor->bytes[3], 4);
  EXPECT_EQ(file->find("b"), nullptr);
}

TEST(Safetensors, RoundTrip) {
  std::vector<uint8_t> first = {1, 2, 3, 4, 5, 6, 7, 8}, second = {9};
  TensorView a{DataType::F32, {2}, first}, b{DataType::U8, {}, second};
  ASSERT_FALSE(
      writeSafetensors(filePath(), {{"z", a}, {"b", b}}, {{"k", "v"}}));
  auto file = SafetensorsFile::open(filePath());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->tensors().size(), 2u);
  EXPECT_EQ(file->find("z")->bytes[7], 8);
  EXPECT_EQ(file->find("b")->bytes[0], 9);
  EXPECT_EQ(file->metadata().at("k"), "v");
}

TEST(Safetensors, WrongSizesAndNamesAreRefused) {
  std::vector<uint8_t> bytes = {1, 2, 3};
  TensorView tensor{DataType::F32, {1}, bytes};
  EXPECT_TRUE(writeSafetensors(filePath(), {{"a", tensor}}));
  TensorView good{DataType::U8, {3}, bytes};
  EXPECT_TRUE(writeSafetensors(filePath(), {{"a", good}, {"a", good}}));
}

TEST(Safetensors, MalformedFilesAreErrors) {
  for (const char *header :
       {"", "[]", "{", R"({"a":1})", R"({"a":{"dtype":"F16"}})",
        R"({"a":{"dtype":"F99","shape":[2],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,5]}})",
        R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[4,0]}})",
        R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}})",
        R"({"a":{"dtype":"F16","shape":[-2],"data_offsets":[0,4]}})",
        R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})",
        R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0]}})",
        R"({"__metadata__":{"k":1}})"})
    EXPECT_FALSE(openText(header, "1234")) << header;
  ASSERT_FALSE(
      writeFileAtomically(filePath(), "\xff\xff\xff\xff\xff\xff\xff\x7f{}"));
  EXPECT_FALSE(SafetensorsFile::open(filePath()));
  ASSERT_FALSE(writeFileAtomically(filePath(), "short"));
  EXPECT_FALSE(SafetensorsFile::open(filePath()));
}

} // namespace
