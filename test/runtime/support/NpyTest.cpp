//===- NpyTest.cpp - NumPy array files ------------------------------------===//
//
// Files as numpy.save writes them (NumPy 1.24); malformed ones are errors.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/Npy.h"

#include "runtime/support/AtomicFile.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace anec::rt;

namespace {

/// A file with the header that numpy.save writes for `dictionary`.
std::vector<uint8_t> npyFile(std::string dictionary, const std::string &data) {
  dictionary.append((64 - (11 + dictionary.size()) % 64) % 64, ' ');
  dictionary += '\n';
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(dictionary.size() & 0xff);
  file += static_cast<char>(dictionary.size() >> 8);
  file += dictionary + data;
  return std::vector<uint8_t>(file.begin(), file.end());
}

TEST(Npy, ReadsWhatNumpyWrites) {
  auto array = parseNpy(
      npyFile("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }",
              std::string("\1\0\2\0\3\0\4\0\5\0\6\0", 12)),
      "a.npy");
  ASSERT_TRUE(array);
  EXPECT_EQ(array->type, DataType::I16);
  EXPECT_EQ(array->shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(array->bytes[10], 6);
}

TEST(Npy, BringsFortranOrderIntoRowMajorOrder) {
  // numpy.asfortranarray([[1, 2, 3], [4, 5, 6]])
  auto array = parseNpy(
      npyFile("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }",
              "\1\4\2\5\3\6"),
      "a.npy");
  ASSERT_TRUE(array);
  EXPECT_EQ(array->bytes, (std::vector<uint8_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, RoundTrip) {
  std::string path = testing::TempDir() + "/round-trip.npy";
  for (std::vector<int64_t> shape :
       {std::vector<int64_t>{}, {3}, {2, 3}, {0, 4}, {1, 2, 1, 2}}) {
    std::vector<float> values;
    int64_t count = 1;
    for (int64_t dim : shape)
      count *= dim;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(static_cast<float>(i) + 0.5f);
    Span<const uint8_t> bytes(reinterpret_cast<uint8_t *>(values.data()),
                              values.size() * 4);
    ASSERT_FALSE(writeNpy(path, DataType::F32, shape, bytes));
    auto array = readNpy(path);
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->shape, shape);
    EXPECT_EQ(array->bytes, std::vector<uint8_t>(bytes.begin(), bytes.end()));
  }
}

TEST(Npy, MalformedFilesAreErrors) {
  const std::pair<const char *, const char *> cases[] = {
      {"{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", ">f4"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
       "expected 8 bytes of elements, found 4"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
       "a dimension"},
      {"{'descr': '<f4', 'shape': (999999999999999999, 9999999999999), }",
       "2^62"},
      {"{'descr': '<f4' ", "a quoted name"},
      {"['descr']", "'{'"},
      {"{'shape': (1,), }", "'descr' and 'shape'"}};
  for (const auto &[header, message] : cases) {
    auto array = parseNpy(npyFile(header, std::string(4, '\0')), "a.npy");
    ASSERT_FALSE(array) << header;
    EXPECT_NE(array.error().message.find(message), std::string::npos)
        << array.error().message;
  }
  std::vector<uint8_t> whole = npyFile(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "1234");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parseNpy(Span<const uint8_t>(whole.data(), size), "cut.npy"));
}

} // namespace
