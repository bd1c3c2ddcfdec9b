//===- RulesTest.cpp - The table and the profiles -------------------------===//

#include "runtime/target/ProvenForms.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace anec::rt::target {

TEST(Rules, HaveUniqueIdsAndEvidence) {
  std::set<std::string_view> ids;
  for (const RuleInfo &rule : allRules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    for (std::string_view text :
         {rule.limits, rule.message, rule.evidence, rule.wayOut})
      EXPECT_FALSE(text.empty()) << rule.id;
    EXPECT_EQ(&ruleInfo(rule.rule), &rule) << rule.id;
    EXPECT_EQ(findRule(rule.id), rule.rule) << rule.id;
    for (const Setting &setting : rule.settings)
      EXPECT_EQ(setting.level == Level::Off, setting.value == 0) << rule.id;
  }
  EXPECT_EQ(findRule("io-nothing"), std::nullopt);
}

TEST(Rules, HaveMessagesThatCanBeFilledIn) {
  for (const RuleInfo &rule : allRules()) {
    const std::string text =
        fmt::format(fmt::runtime(rule.message), fmt::arg("what", "w"),
                    fmt::arg("found", 1), fmt::arg("limit", 2));
    EXPECT_EQ(text.find('{'), std::string::npos) << rule.id;
  }
}

TEST(ProvenForms, HaveTiersAndSources) {
  for (const ProvenForm &form : provenForms()) {
    EXPECT_TRUE(form.tier >= 1 && form.tier <= 3) << form.op;
    EXPECT_FALSE(form.form.empty()) << form.op;
    EXPECT_FALSE(form.source.empty()) << form.op;
  }
  EXPECT_EQ(tierOf("matmul"), 1);
  EXPECT_EQ(tierOf("exp"), 2);
  EXPECT_EQ(tierOf("split"), 3);
  EXPECT_EQ(tierOf("tile"), neverRan);
}

TEST(Profiles, AreFoundByName) {
  ASSERT_EQ(findProfile("strict"), &strictProfile());
  EXPECT_EQ(findProfile("m9"), nullptr);
  EXPECT_EQ(profileNames(), "strict, m1, m4, m5");
}

TEST(Profiles, AreColumnsOfTheTable) {
  const Profile &m1 = *findProfile("m1"), &m4 = *findProfile("m4");
  EXPECT_EQ(strictProfile().limit(Rule::Dim16384), 16384);
  EXPECT_EQ(m4.limit(Rule::Dim16384), 65536);
  EXPECT_TRUE(strictProfile().takesOneInput());
  EXPECT_FALSE(m4.takesOneInput());
  EXPECT_FALSE(strictProfile().checks(Rule::OpPowM1));
  EXPECT_TRUE(m1.refuses(Rule::OpPowM1));
  EXPECT_TRUE(m1.checks(Rule::OpSliceWidth));
  EXPECT_FALSE(m1.refuses(Rule::OpSliceWidth));
  EXPECT_EQ(m1.limit(Rule::OpSliceWidth), 4094);
}

TEST(Profiles, TakeFlags) {
  auto profile = loadProfile("strict+no-concat+proven-only=T2");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->name(), "strict");
  EXPECT_TRUE(profile->refuses(Rule::OpConcat));
  EXPECT_FALSE(profile->takesOneOutput());
  EXPECT_TRUE(profile->takesOneInput());
  EXPECT_EQ(profile->limit(Rule::ProvenOnly), 2);
  EXPECT_EQ(profileSpec("m4", true, "T1"), "m4+no-concat+proven-only=T1");
  EXPECT_EQ(loadProfile("m4+proven-only=T7").error().message,
            "expects proven-only=T1 or T2, but got 'proven-only=T7'");
  EXPECT_EQ(loadProfile("m9").error().message,
            "unknown target 'm9', expected one of strict, m1, m4, m5, or the "
            "file of a profile");
}

} // namespace anec::rt::target
