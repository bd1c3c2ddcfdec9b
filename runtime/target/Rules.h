//===- Rules.h - The table of device facts ----------------------*- C++ -*-===//
//
// AneConstraints.def as values. The checker, the compiler's messages, devices
// and reports all read this one table, through a Profile (Profile.h).
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TARGET_RULES_H
#define ANEC_RUNTIME_TARGET_RULES_H

#include "runtime/support/Span.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace anec::rt::target {

enum class Rule {
#define ANE_CONSTRAINT(rule, id, phase, confidence, limits, unit, values,      \
                       message, evidence, wayOut)                              \
  rule,
#include "runtime/target/AneConstraints.def"
};

/// When a rule can be checked.
enum class Phase { Compile, Run, Both };

/// What a rule means to a target.
enum class Level {
  Off,   ///< Nothing.
  Note,  ///< Worth a word: slower, or beyond what anybody has run.
  Refuse ///< The device refuses it or computes something else.
};

/// How well a fact is known.
enum class Confidence { SeveralSources, OneSource, Contradicted, Inferred };

struct Setting {
  Level level = Level::Off;
  int64_t value = 0; ///< 1 where the rule has no number.

  bool operator==(const Setting &other) const {
    return level == other.level && value == other.value;
  }
};

/// The profiles that the table has a column for, in its order.
enum class Column { Strict, M1, M4, M5 };
constexpr size_t columnCount = 4;

struct RuleInfo {
  Rule rule;
  std::string_view id; ///< Kebab-case, stable.
  Phase phase;
  Confidence confidence;
  std::string_view limits; ///< What the rule is about.
  std::string_view unit;   ///< Of the value, empty without one.
  Setting settings[columnCount];
  std::string_view message; ///< With {what}, {found} and {limit}.
  std::string_view evidence;
  std::string_view wayOut;

  bool hasValue() const { return !unit.empty(); }
  bool isCheckedWhenCompiling() const { return phase != Phase::Run; }
};

/// All rules, in the order of the enumeration.
Span<const RuleInfo> allRules();

const RuleInfo &ruleInfo(Rule rule);

/// The rule of this id.
std::optional<Rule> findRule(std::string_view id);

/// "several sources", "one source", "sources disagree", "inferred".
std::string_view confidenceName(Confidence confidence);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_RULES_H
