//===- Rules.cpp - The table of device facts ------------------------------===//

#include "runtime/target/Rules.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace anec::rt::target {

static constexpr RuleInfo rules[] = {
#define ANE_CONSTRAINT(rule, id, unit, limit, phase, evidence, wayOut)         \
  {Rule::rule, id, unit, limit, Phase::phase, evidence, wayOut},
#include "runtime/target/AneConstraints.def"
};

static constexpr std::string_view provenOperators[] = {
#define ANE_OPERATOR(name) name,
#include "runtime/target/AneConstraints.def"
};

static constexpr std::pair<std::string_view, Rule> refusals[] = {
#define ANE_REFUSED(name, rule) {name, Rule::rule},
#include "runtime/target/AneConstraints.def"
};

Span<const RuleInfo> allRules() { return {rules, std::size(rules)}; }

const RuleInfo &ruleInfo(Rule rule) { return rules[static_cast<size_t>(rule)]; }

bool isProvenOperator(std::string_view name) {
  return std::find(std::begin(provenOperators), std::end(provenOperators),
                   name) != std::end(provenOperators);
}

Rule refusalOf(std::string_view name) {
  for (const auto &[refused, rule] : refusals)
    if (refused == name)
      return rule;
  return Rule::OpUnsupported;
}

} // namespace anec::rt::target
