//===- Profile.cpp - A target as settings of the rules --------------------===//

#include "runtime/target/Profile.h"
#include "runtime/support/MappedFile.h"
#include "runtime/target/ProfileFile.h"

#include <filesystem>

namespace anec::rt::target {

static const std::vector<Profile> &profiles() {
  static const std::vector<Profile> all = {{"strict", Column::Strict},
                                           {"m1", Column::M1},
                                           {"m4", Column::M4},
                                           {"m5", Column::M5}};
  return all;
}

Profile::Profile(std::string name, Column column) : shownName(std::move(name)) {
  for (const RuleInfo &rule : allRules())
    settings.push_back(rule.settings[static_cast<size_t>(column)]);
}

const Profile &strictProfile() { return profiles().front(); }

const Profile *findProfile(std::string_view name) {
  for (const Profile &profile : profiles())
    if (profile.name() == name)
      return &profile;
  return nullptr;
}

std::string profileNames() {
  std::string names;
  for (const Profile &profile : profiles())
    names += (names.empty() ? "" : ", ") + profile.name();
  return names;
}

static Result<Profile> loadNamed(const std::string &name) {
  if (const Profile *known = findProfile(name))
    return *known;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(name, ignored))
    return makeError(ErrorCode::InvalidInput,
                     "unknown target '{}', expected one of {}, or the file of "
                     "a profile",
                     name, profileNames());
  ANEC_ASSIGN(MappedFile file, MappedFile::open(name));
  Span<const uint8_t> bytes = file.bytes();
  return parseProfile(
      {reinterpret_cast<const char *>(bytes.data()), bytes.size()}, name);
}

/// Cuts `flag` and what follows off the end of `spec`; empty without it.
static std::string takeFlag(std::string &spec, const std::string &flag) {
  const size_t at = spec.rfind("+" + flag);
  if (at == std::string::npos)
    return "";
  std::string rest = spec.substr(at + 1);
  spec.resize(at);
  return rest;
}

Result<Profile> loadProfile(const std::string &spec) {
  std::string name = spec;
  const std::string tier = takeFlag(name, "proven-only=");
  const std::string noConcat = takeFlag(name, "no-concat");
  ANEC_ASSIGN(Profile profile, loadNamed(name));
  if (!tier.empty()) {
    if (tier != "proven-only=T1" && tier != "proven-only=T2")
      return makeError(ErrorCode::InvalidInput,
                       "expects proven-only=T1 or T2, but got '{}'", tier);
    profile.set(Rule::ProvenOnly, {Level::Refuse, tier.back() - '0'});
  }
  if (!noConcat.empty()) {
    profile.set(Rule::OpConcat, {Level::Refuse, 1});
    if (profile.takesOneOutput())
      profile.set(Rule::MultiOutOrder,
                  {Level::Refuse, profile.limit(Rule::IoSlotsMax)});
  }
  return profile;
}

std::string profileSpec(const std::string &target, bool noConcat,
                        const std::string &provenOnly) {
  return target + (noConcat ? "+no-concat" : "") +
         (provenOnly.empty() ? "" : "+proven-only=" + provenOnly);
}

} // namespace anec::rt::target
