//===- Profile.cpp - A target as a choice of rules ------------------------===//

#include "runtime/target/Profile.h"

#include <vector>

namespace anec::rt::target {

static const std::vector<Profile> &profiles() {
  static const std::vector<Profile> all = {
      {"strict", {}, {}},
      // ane-guide: every dimension up to 65536 from A16-class engines on.
      // Inputs and outputs are bound by the alphabetical order of their names
      // (Orion on M4 Max, ironmill, Espresso), which is ours.
      {"m4",
       {Rule::MultiInOrder, Rule::MultiOutOrder, Rule::OpSoftmaxAxis,
        Rule::IoDtypeFp16},
       {{Rule::Dim16384, 65536}}},
  };
  return all;
}

int64_t Profile::limit(Rule rule) const {
  auto found = limits.find(rule);
  return found == limits.end() ? ruleInfo(rule).limit : found->second;
}

const Profile &strictProfile() { return profiles().front(); }

const Profile *findProfile(std::string_view name) {
  for (const Profile &profile : profiles())
    if (profile.name == name)
      return &profile;
  return nullptr;
}

std::string profileNames() {
  std::string names;
  for (const Profile &profile : profiles())
    names += (names.empty() ? "" : ", ") + profile.name;
  return names;
}

} // namespace anec::rt::target
