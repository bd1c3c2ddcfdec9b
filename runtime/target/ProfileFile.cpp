//===- ProfileFile.cpp - A user's own target ------------------------------===//

#include "runtime/target/ProfileFile.h"
#include "runtime/support/JsonPlace.h"

#include <algorithm>

namespace anec::rt::target {

namespace {

/// A profile is a page; anything longer is something else.
constexpr size_t mostBytes = 1 << 20;
constexpr size_t mostMembers = 1000;
/// Far above every limit of a device, far from overflow in products.
constexpr int64_t mostValue = int64_t(1) << 40;

/// Where the base says nothing, the first column that says something.
int64_t defaultValue(Rule rule, const Profile &base) {
  if (base.checks(rule))
    return base.limit(rule);
  for (const Setting &setting : ruleInfo(rule).settings)
    if (setting.level != Level::Off)
      return setting.value;
  return ruleInfo(rule).hasValue() ? 0 : 1;
}

Result<Level> readLevel(const JsonPlace &place) {
  ANEC_ASSIGN(std::string name, place.string());
  if (name == "off")
    return Level::Off;
  if (name == "note")
    return Level::Note;
  if (name == "refuse")
    return Level::Refuse;
  return place.expects("\"off\", \"note\" or \"refuse\"");
}

Result<int64_t> readValue(const JsonPlace &place, Rule rule) {
  const RuleInfo &info = ruleInfo(rule);
  if (!info.hasValue())
    return place.error("rule '" + std::string(info.id) +
                       "' has no number; expects true, false or a level");
  return place.integer(1, mostValue);
}

std::optional<Error>
rejectOthers(const std::vector<std::pair<std::string, JsonPlace>> &members,
             std::initializer_list<std::string_view> known) {
  for (const auto &[key, place] : members)
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      std::string names;
      for (std::string_view name : known)
        names += (names.empty() ? "'" : ", '") + std::string(name) + "'";
      return place.error("is no member; expects " + names);
    }
  return std::nullopt;
}

Result<Setting> readSetting(const JsonPlace &place, Rule rule,
                            const Profile &base) {
  Setting setting{Level::Refuse, defaultValue(rule, base)};
  if (place.json().is_boolean()) {
    setting.level = place.json().get<bool>() ? Level::Refuse : Level::Off;
  } else if (place.json().is_object()) {
    ANEC_ASSIGN(auto members, place.members(mostMembers));
    ANEC_TRY(rejectOthers(members, {"level", "value"}));
    if (place.has("level")) {
      ANEC_ASSIGN(JsonPlace level, place.member("level"));
      ANEC_ASSIGN(setting.level, readLevel(level));
    }
    if (place.has("value")) {
      ANEC_ASSIGN(JsonPlace value, place.member("value"));
      ANEC_ASSIGN(setting.value, readValue(value, rule));
    }
  } else if (place.json().is_number()) {
    ANEC_ASSIGN(setting.value, readValue(place, rule));
  } else {
    return place.expects("a number, true, false or an object");
  }
  if (setting.level != Level::Off && setting.value == 0)
    return place.error("expects a value for rule '" +
                       std::string(ruleInfo(rule).id) +
                       "', which no built-in profile sets");
  return setting;
}

} // namespace

Result<Profile> parseProfile(std::string_view text, const std::string &file) {
  ANEC_ASSIGN(nlohmann::json document, parseJson(text, file, mostBytes));
  const JsonPlace root(document, file);
  ANEC_ASSIGN(auto members, root.members(mostMembers));
  ANEC_TRY(rejectOthers(members, {"name", "base", "rules"}));
  ANEC_ASSIGN(JsonPlace basePlace, root.member("base"));
  ANEC_ASSIGN(std::string baseName, basePlace.string());
  const Profile *base = findProfile(baseName);
  if (!base)
    return basePlace.expects("one of " + profileNames());
  Profile profile = *base;
  profile.rename(file);
  if (root.has("name")) {
    ANEC_ASSIGN(std::string name, root.string("name"));
    profile.rename(name);
  }
  if (!root.has("rules"))
    return profile;
  ANEC_ASSIGN(JsonPlace rules, root.member("rules"));
  ANEC_ASSIGN(auto overrides, rules.members(mostMembers));
  for (const auto &[id, place] : overrides) {
    std::optional<Rule> rule = findRule(id);
    if (!rule)
      return place.error("is no rule; anec check --rules lists them");
    ANEC_ASSIGN(Setting setting, readSetting(place, *rule, *base));
    profile.set(*rule, setting);
  }
  return profile;
}

} // namespace anec::rt::target
