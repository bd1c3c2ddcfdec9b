//===- Rules.h - The table of device facts ----------------------*- C++ -*-===//
//
// AneConstraints.def as values. The checker, the compiler's messages, devices
// and reports all read this one table.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TARGET_RULES_H
#define ANEC_RUNTIME_TARGET_RULES_H

#include "runtime/support/Span.h"

#include <cstdint>
#include <string_view>

namespace anec::rt::target {

enum class Rule {
#define ANE_CONSTRAINT(rule, id, unit, limit, phase, evidence, wayOut) rule,
#include "runtime/target/AneConstraints.def"
};

/// When a rule can be checked.
enum class Phase { Compile, Run };

struct RuleInfo {
  Rule rule;
  std::string_view id;   ///< Kebab-case, stable.
  std::string_view unit; ///< Of the limit, empty without one.
  int64_t limit;         ///< In the strict profile.
  Phase phase;
  std::string_view evidence;
  std::string_view wayOut;
};

/// All rules, in the order of the enumeration.
Span<const RuleInfo> allRules();

const RuleInfo &ruleInfo(Rule rule);

/// Whether the operator is proven on enough hardware to be emitted.
bool isProvenOperator(std::string_view name);

/// The rule that explains why an operator is refused; OpUnsupported when there
/// is no special one.
Rule refusalOf(std::string_view name);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_RULES_H
