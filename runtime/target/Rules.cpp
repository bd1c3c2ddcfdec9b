//===- Rules.cpp - The table of device facts ------------------------------===//

#include "runtime/target/Rules.h"

#include <iterator>

namespace anec::rt::target {

static constexpr Setting off = {};
static constexpr Setting refuse(int64_t value) {
  return {Level::Refuse, value};
}
static constexpr Setting note(int64_t value) { return {Level::Note, value}; }

#define FOR(strict, m1, m4, m5) {strict, m1, m4, m5}

static constexpr RuleInfo rules[] = {
#define ANE_CONSTRAINT(rule, id, phase, confidence, limits, unit, values,      \
                       message, evidence, wayOut)                              \
  {Rule::rule, id,    Phase::phase, Confidence::confidence,                    \
   limits,     unit,  values,       message,                                   \
   evidence,   wayOut},
#include "runtime/target/AneConstraints.def"
};

#undef FOR

Span<const RuleInfo> allRules() { return {rules, std::size(rules)}; }

const RuleInfo &ruleInfo(Rule rule) { return rules[static_cast<size_t>(rule)]; }

std::optional<Rule> findRule(std::string_view id) {
  for (const RuleInfo &rule : rules)
    if (rule.id == id)
      return rule.rule;
  return std::nullopt;
}

std::string_view confidenceName(Confidence confidence) {
  switch (confidence) {
  case Confidence::SeveralSources:
    return "several sources";
  case Confidence::OneSource:
    return "one source";
  case Confidence::Contradicted:
    return "sources disagree";
  case Confidence::Inferred:
    return "inferred";
  }
  return "";
}

} // namespace anec::rt::target
