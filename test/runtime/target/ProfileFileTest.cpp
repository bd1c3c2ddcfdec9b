//===- ProfileFileTest.cpp - Profiles that users write --------------------===//

#include "runtime/target/ProfileFile.h"

#include <gtest/gtest.h>

namespace anec::rt::target {
namespace {

std::string errorOf(const std::string &text) {
  auto profile = parseProfile(text, "my.json");
  return profile ? "" : profile.error().message;
}

TEST(ProfileFile, OverridesItsBase) {
  auto profile = parseProfile(R"({"name": "m2-pro", "base": "m1", "rules": {
      "weights-per-program": 8388608, "op-slice-width-x16": {"level": "refuse"},
      "mil-header-10": false, "op-concat": true, "num-reduce":
      {"level": "note", "value": 2048}}})",
                              "my.json");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->name(), "m2-pro");
  EXPECT_EQ(profile->limit(Rule::WeightsPerProgram), 8388608);
  EXPECT_TRUE(profile->refuses(Rule::OpSliceWidth));
  EXPECT_EQ(profile->limit(Rule::OpSliceWidth), 4094);
  EXPECT_FALSE(profile->checks(Rule::MilHeader10));
  EXPECT_TRUE(profile->refuses(Rule::OpConcat));
  EXPECT_FALSE(profile->refuses(Rule::NumReduce));
  EXPECT_EQ(profile->limit(Rule::NumReduce), 2048);
  EXPECT_TRUE(profile->refuses(Rule::OpPowM1)) << "of m1";
}

TEST(ProfileFile, TakesItsNameFromTheFile) {
  auto profile = parseProfile(R"({"base": "m4"})", "my.json");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->name(), "my.json");
}

TEST(ProfileFile, NamesThePlaceOfWhatIsWrong) {
  EXPECT_EQ(errorOf("{"), "my.json: expects JSON, but the text of 1 bytes is "
                          "malformed or cut off at byte 2");
  EXPECT_EQ(errorOf("[]"), "my.json: /: expects an object, but got an array of "
                           "0");
  EXPECT_EQ(errorOf("{}"),
            "my.json: /: expects a member 'base', but there is none");
  EXPECT_EQ(errorOf(R"({"base": "m9"})"),
            "my.json: /base: expects one of strict, m1, m4, m5, but got "
            "\"m9\"");
  EXPECT_EQ(errorOf(R"({"base": "m4", "rule": {}})"),
            "my.json: /rule: is no member; expects 'name', 'base', 'rules'");
  EXPECT_EQ(errorOf(R"({"base": "m4", "name": ""})"),
            "my.json: /name: expects a string of 1 to 1024 bytes, but got "
            "\"\"");
  auto rule = [](const std::string &member) {
    return errorOf(R"({"base": "m4", "rules": {)" + member + "}}");
  };
  EXPECT_EQ(rule(R"("io-what": 1)"),
            "my.json: /rules/io-what: is no rule; anec "
            "check --rules lists them");
  EXPECT_EQ(rule(R"("dim-16384": 0)"),
            "my.json: /rules/dim-16384: expects an integer from 1 to "
            "1099511627776, but got 0");
  EXPECT_EQ(rule(R"("dim-16384": "wide")"),
            "my.json: /rules/dim-16384: expects a number, true, false or an "
            "object, but got \"wide\"");
  EXPECT_EQ(rule(R"("op-neg": 3)"),
            "my.json: /rules/op-neg: rule 'op-neg' has no number; expects "
            "true, false or a level");
  EXPECT_EQ(rule(R"("op-neg": {"level": "loud"})"),
            "my.json: /rules/op-neg/level: expects \"off\", \"note\" or "
            "\"refuse\", but got \"loud\"");
  EXPECT_EQ(rule(R"("op-neg": {"livel": "off"})"),
            "my.json: /rules/op-neg/livel: is no member; expects 'level', "
            "'value'");
}

} // namespace
} // namespace anec::rt::target
