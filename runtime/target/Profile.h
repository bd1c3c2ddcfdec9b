//===- Profile.h - A target as a choice of rules ----------------*- C++ -*-===//
//
// A profile says which rules hold and with which limits. `strict` is the
// default: what every chip that anyone reported on accepts.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TARGET_PROFILE_H
#define ANEC_RUNTIME_TARGET_PROFILE_H

#include "runtime/target/Rules.h"

#include <map>
#include <set>
#include <string>

namespace anec::rt::target {

struct Profile {
  std::string name;
  std::set<Rule> relaxed;         ///< Rules that are not checked.
  std::map<Rule, int64_t> limits; ///< Where they differ from the table's.

  bool checks(Rule rule) const { return relaxed.count(rule) == 0; }
  int64_t limit(Rule rule) const;
};

/// Every rule with the limit of the table.
const Profile &strictProfile();

/// The profile of this name, or null. Names: strict, m4.
const Profile *findProfile(std::string_view name);

/// "strict, m4", for messages.
std::string profileNames();

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_PROFILE_H
