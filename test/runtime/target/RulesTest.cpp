//===- RulesTest.cpp - The table and the profiles -------------------------===//

#include "runtime/target/Profile.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace anec::rt::target {

TEST(Rules, HaveUniqueIdsAndEvidence) {
  std::set<std::string_view> ids;
  for (const RuleInfo &rule : allRules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_FALSE(rule.evidence.empty()) << rule.id;
    EXPECT_FALSE(rule.wayOut.empty()) << rule.id;
    EXPECT_EQ(rule.unit.empty(), rule.limit == 0) << rule.id;
    EXPECT_EQ(&ruleInfo(rule.rule), &rule) << rule.id;
  }
}

TEST(Rules, ExplainRefusedOperators) {
  EXPECT_TRUE(isProvenOperator("matmul"));
  EXPECT_FALSE(isProvenOperator("tile"));
  EXPECT_EQ(refusalOf("tile"), Rule::OpTile);
  EXPECT_EQ(refusalOf("cumsum"), Rule::OpUnsupported);
}

TEST(Profiles, AreFoundByName) {
  ASSERT_EQ(findProfile("strict"), &strictProfile());
  EXPECT_EQ(findProfile("m9"), nullptr);
  EXPECT_EQ(profileNames(), "strict, m4");
}

TEST(Profiles, OverrideLimitsOfTheTable) {
  EXPECT_EQ(strictProfile().limit(Rule::Dim16384), 16384);
  EXPECT_EQ(findProfile("m4")->limit(Rule::Dim16384), 65536);
  EXPECT_TRUE(strictProfile().checks(Rule::MultiInOrder));
  EXPECT_FALSE(findProfile("m4")->checks(Rule::MultiInOrder));
}

} // namespace anec::rt::target
