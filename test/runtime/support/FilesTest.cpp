//===- FilesTest.cpp - Mapped and atomically written files ----------------===//
//
// A new file replaces an old one only when it is complete.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/AtomicFile.h"
#include "runtime/support/MappedFile.h"

#include <gtest/gtest.h>

#include <filesystem>

using namespace anec::rt;

namespace {

std::string freshFolder(const std::string &name) {
  auto folder = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder.string();
}

size_t entries(const std::string &folder) {
  size_t count = 0;
  for ([[maybe_unused]] const auto &entry :
       std::filesystem::directory_iterator(folder))
    ++count;
  return count;
}

TEST(AtomicFile, WritesAndReplaces) {
  std::string folder = freshFolder("atomic-file");
  std::string path = folder + "/a.txt";
  EXPECT_FALSE(writeFileAtomically(path, "first"));
  EXPECT_FALSE(writeFileAtomically(path, "second"));
  auto text = readFile(path);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "second");
  EXPECT_EQ(entries(folder), 1u);
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  std::string folder = freshFolder("atomic-file-abandoned");
  {
    auto file = AtomicFile::create(folder + "/a.txt");
    ASSERT_TRUE(file);
    EXPECT_FALSE(file->write("half"));
  }
  EXPECT_EQ(entries(folder), 0u);
}

TEST(AtomicFile, ReportsAMissingFolder) {
  auto error = writeFileAtomically("/nonexistent-folder/a", "x");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::Io);
  EXPECT_NE(error->message.find("/nonexistent-folder/a"), std::string::npos);
}

TEST(MappedFile, EmptyAndMissingFiles) {
  std::string folder = freshFolder("mapped-file");
  ASSERT_FALSE(writeFileAtomically(folder + "/empty", ""));
  auto file = MappedFile::open(folder + "/empty");
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->bytes().empty());
  EXPECT_FALSE(MappedFile::open(folder + "/missing"));
  EXPECT_FALSE(MappedFile::open(folder));
}

} // namespace
