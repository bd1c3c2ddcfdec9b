//===- Profile.h - A target as settings of the rules ------------*- C++ -*-===//
//
// How compiler and devices read the table: `profile.checks(Rule::X)`, then
// `profile.limit(Rule::X)`. `strict` is the default: what every chip that
// anyone reported on accepts.
//
//   if (profile.checks(Rule::NumMatmulSat) &&
//       magnitude >= profile.limit(Rule::NumMatmulSat)) ...
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TARGET_PROFILE_H
#define ANEC_RUNTIME_TARGET_PROFILE_H

#include "runtime/support/Result.h"
#include "runtime/target/Rules.h"

#include <string>
#include <vector>

namespace anec::rt::target {

class Profile {
public:
  /// The table's column under its name.
  Profile(std::string name, Column column);

  /// For messages: a built-in name, or the name that a file gives itself.
  const std::string &name() const { return shownName; }

  const Setting &setting(Rule rule) const {
    return settings[static_cast<size_t>(rule)];
  }
  /// Whether the rule means anything to this target, be it a note.
  bool checks(Rule rule) const { return setting(rule).level != Level::Off; }
  /// Whether breaking the rule is an error.
  bool refuses(Rule rule) const { return setting(rule).level == Level::Refuse; }
  /// The number of the rule; only where `checks` holds.
  int64_t limit(Rule rule) const { return setting(rule).value; }

  // What several places need to know.
  bool takesOneInput() const {
    return takesOne(Rule::MultiInOrder) || takesOne(Rule::Io4dTwoRuntime);
  }
  bool takesOneOutput() const {
    return takesOne(Rule::MultiOutOrder) || refuses(Rule::MultiOutMixedSmall);
  }
  /// Whether a surface may be input and output of one dispatch, beside others.
  bool takesSurfacesInPlace() const {
    return !refuses(Rule::IoInPlace) && !takesOneInput() && !takesOneOutput();
  }

  void set(Rule rule, Setting setting) {
    settings[static_cast<size_t>(rule)] = setting;
  }
  void rename(std::string name) { shownName = std::move(name); }

private:
  bool takesOne(Rule rule) const { return refuses(rule) && limit(rule) <= 1; }

  std::string shownName;
  std::vector<Setting> settings;
};

/// Every rule with the table's first column.
const Profile &strictProfile();

/// The built-in profile of this name, or null. Names: strict, m1, m4, m5.
const Profile *findProfile(std::string_view name);

/// "strict, m1, m4, m5", for messages.
std::string profileNames();

/// The profile that `spec` names: a built-in one, or else a file
/// (ProfileFile.h), with flags behind it:
///
///   NAME|FILE[+no-concat][+proven-only=T1|T2]
///
/// no-concat refuses concat and takes several outputs instead; proven-only
/// refuses forms outside the tier (ProvenForms.h).
Result<Profile> loadProfile(const std::string &spec);

/// `spec` with the flags of a command line added.
std::string profileSpec(const std::string &target, bool noConcat,
                        const std::string &provenOnly);

} // namespace anec::rt::target

#endif // ANEC_RUNTIME_TARGET_PROFILE_H
