//===- BlobTest.cpp - Weight files ----------------------------------------===//
//
// Bytes as in the description of MILBlob storage, version 2; deviations of
// public generators are forgiven only leniently.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Blob.h"

#include <gtest/gtest.h>

using namespace anec::rt;
using namespace anec::rt::mil;

namespace {

const std::vector<uint8_t> data = {1, 2, 3, 4, 5, 6};

Type halves(int64_t count) { return Type::tensor(ScalarType::FP16, {count}); }

TEST(Blob, WriterMakesTheLayoutOfAppleWriter) {
  BlobWriter writer;
  EXPECT_EQ(writer.append(ScalarType::FP16, 3, data), 64u);
  std::vector<uint8_t> nibbles = {0x21, 0x03};
  EXPECT_EQ(writer.append(ScalarType::UInt4, 3, nibbles), 192u);
  const std::vector<uint8_t> &file = writer.bytes();
  EXPECT_EQ(file.size(), 258u);
  EXPECT_EQ(file[0], 2); // entries
  EXPECT_EQ(file[4], 2); // version
  EXPECT_EQ(file[64], 0xEF);
  EXPECT_EQ(file[67], 0xDE);
  EXPECT_EQ(file[68], 1);   // fp16
  EXPECT_EQ(file[72], 6);   // bytes
  EXPECT_EQ(file[80], 128); // data offset
  EXPECT_EQ(file[133], 6);
  EXPECT_EQ(file[196], 11);     // uint4
  EXPECT_EQ(file[192 + 24], 4); // padding bits
}

TEST(Blob, ReadsBack) {
  BlobWriter writer;
  writer.append(ScalarType::Int8, 6, data);
  uint64_t offset = writer.append(ScalarType::FP16, 3, data);
  auto bytes = findBlob(writer.bytes(), "w.bin", offset, halves(3),
                        BlobChecks::Strict, nullptr);
  ASSERT_TRUE(bytes) << bytes.error().message;
  EXPECT_EQ(std::vector<uint8_t>(bytes->begin(), bytes->end()), data);
}

TEST(Blob, DeviationsAreForgivenLenientlyOnly) {
  BlobWriter writer;
  writer.append(ScalarType::FP16, 3, data);
  auto deviate = [&](size_t position, uint8_t value, const char *message) {
    std::vector<uint8_t> file = writer.bytes();
    file[position] = value;
    auto strict =
        findBlob(file, "w.bin", 64, halves(3), BlobChecks::Strict, nullptr);
    ASSERT_FALSE(strict);
    EXPECT_NE(strict.error().message.find(message), std::string::npos)
        << strict.error().message;
    std::vector<std::string> warnings;
    auto lenient =
        findBlob(file, "w.bin", 64, halves(3), BlobChecks::Lenient, &warnings);
    ASSERT_TRUE(lenient);
    EXPECT_EQ((*lenient)[0], 1);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_NE(warnings[0].find(message), std::string::npos);
  };
  deviate(0, 0, "expected a count of entries, found 0");
  deviate(68, 4, "expected data type code 1 (fp16), found 4");
  deviate(72, 7, "expected a stored size of 6, found 7");
  deviate(80, 0, "expected a data offset, found 0");
}

TEST(Blob, UnusableFilesAreErrors) {
  BlobWriter writer;
  writer.append(ScalarType::FP16, 3, data);
  auto fails = [&](const std::vector<uint8_t> &file, uint64_t offset,
                   const Type &type, const char *message) {
    auto found =
        findBlob(file, "w.bin", offset, type, BlobChecks::Lenient, nullptr);
    ASSERT_FALSE(found);
    EXPECT_NE(found.error().message.find(message), std::string::npos)
        << found.error().message;
  };
  fails({}, 64, halves(3), "version 2");
  fails(writer.bytes(), 100, halves(3), "ends at 134");
  fails(writer.bytes(), ~uint64_t(0), halves(3), "ends at 134");
  fails(writer.bytes(), 0, halves(3), "0xdeadbeef");
  fails(writer.bytes(), 64, halves(4), "expected 8 bytes at 128");
  fails(writer.bytes(), 64, Type::scalar(ScalarType::String), "cannot hold");
  std::vector<uint8_t> file = writer.bytes();
  file[87] = 0xff; // data far outside
  fails(file, 64, halves(3), "but the file ends at 134");
}

} // namespace
