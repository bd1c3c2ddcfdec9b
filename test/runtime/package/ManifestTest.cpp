//===- ManifestTest.cpp - Where a Core ML package has its model -----------===//
//
// One manifest as coremltools writes it, and what breaks it.
//
//===----------------------------------------------------------------------===//
#include "runtime/package/Manifest.h"

#include <gmock/gmock.h>

using namespace anec::rt;
using namespace anec::rt::package;
using testing::HasSubstr;

namespace {

std::string manifestOf(const std::string &version, const std::string &path) {
  return R"({"fileFormatVersion": )" + version +
         R"(, "itemInfoEntries": {"7": {"path": )" + path +
         R"(, "name": "m", "author": "a", "description": "d"}},
            "rootModelIdentifier": "7"})";
}

std::string messageOf(const std::string &text) {
  auto path = rootModelPath(text, "Manifest.json");
  return path ? "none" : path.error().message;
}

TEST(Manifest, NamesTheRootModel) {
  for (const char *version : {R"("1.0.0")", R"("0.9.12")"}) {
    auto path = rootModelPath(manifestOf(version, R"("a/m.mlmodel")"), "M");
    ASSERT_TRUE(path) << path.error().message;
    EXPECT_EQ(*path, "a/m.mlmodel");
  }
}

TEST(Manifest, OthersAreErrors) {
  for (const char *text : {"", "[]", "{", "\xff", "{\"a\": }"})
    EXPECT_THAT(messageOf(text), HasSubstr("expected a JSON object"));
  EXPECT_THAT(messageOf(std::string(100000, '[')),
              HasSubstr("expected a JSON object"));
  for (const char *version : {R"("1.0.1")", R"("1.1.0")", R"("2.0.0")",
                              R"("1.0")", R"("1.0.0x")", R"("")", "1", "null"})
    EXPECT_THAT(messageOf(manifestOf(version, R"("m")")),
                HasSubstr("'fileFormatVersion' 1.0.0 or older"));
  for (const char *path : {"7", "null", "{}"})
    EXPECT_THAT(messageOf(manifestOf(R"("1.0.0")", path)),
                HasSubstr("an item '7' with a path"));
  for (const char *path : {R"("")", R"("/etc/passwd")", R"("../m")",
                           R"("a/../../m")", R"("..")", R"("a\u0000b")"})
    EXPECT_THAT(messageOf(manifestOf(R"("1.0.0")", path)),
                HasSubstr("expected a path below 'Data'"));
  EXPECT_THAT(messageOf(R"({"fileFormatVersion": "1.0.0"})"),
              HasSubstr("'rootModelIdentifier'"));
  EXPECT_THAT(messageOf(R"({"fileFormatVersion": "1.0.0",
                            "rootModelIdentifier": "7"})"),
              HasSubstr("an item '7' with a path"));
}

} // namespace
