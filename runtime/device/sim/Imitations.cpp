//===- Imitations.cpp - Parts of the chip's arithmetic on request ---------===//

#include "runtime/device/sim/Imitations.h"

namespace anec::rt::sim {

using target::Rule;

namespace {

constexpr struct Part {
  std::string_view name;
  Rule rule;
  bool Imitations::*member;
  /// What the rule's number may be.
  int64_t lowest, highest;
} parts[] = {
    {"tables", Rule::NumLut, &Imitations::tables, 2, 4096},
    {"denormals", Rule::NumDenormals, &Imitations::denormals, 0, 1},
    {"partial-sums", Rule::NumPartialSums, &Imitations::partialSums, 1, 4096},
    {"narrow-sums", Rule::NumReduce, &Imitations::narrowSums, 2, 1 << 24},
};

const Part *findPart(std::string_view name) {
  for (const Part &part : parts)
    if (part.name == name)
      return &part;
  return nullptr;
}

std::optional<Error> checkRule(const Part &part,
                               const target::Profile &profile) {
  const std::string_view id = target::ruleInfo(part.rule).id;
  if (!profile.checks(part.rule))
    return makeError(ErrorCode::InvalidInput,
                     "expects --imitate {} with a profile that has rule {}, "
                     "but in '{}' it is off; a file of rules can set it",
                     part.name, id, profile.name());
  const int64_t value = profile.limit(part.rule);
  if (value < part.lowest || value > part.highest)
    return makeError(ErrorCode::InvalidInput,
                     "expects a profile with rule {} from {} to {} for "
                     "--imitate {}, but in '{}' it is {}",
                     id, part.lowest, part.highest, part.name, profile.name(),
                     value);
  return std::nullopt;
}

} // namespace

std::optional<Error> Imitations::check(const target::Profile &profile) const {
  for (const Part &part : parts)
    if (this->*part.member)
      ANEC_TRY(checkRule(part, profile));
  return std::nullopt;
}

Imitations Imitations::allOf(const target::Profile &profile) {
  Imitations all;
  for (const Part &part : parts)
    all.*part.member = profile.checks(part.rule);
  return all;
}

Result<Imitations> Imitations::parse(std::string_view text,
                                     const target::Profile &profile) {
  Imitations chosen;
  if (text == "all") {
    chosen = allOf(profile);
    ANEC_TRY(chosen.check(profile));
    return chosen;
  }
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view name = text.substr(begin, end - begin);
    begin = end + 1;
    const Part *part = findPart(name);
    if (!part)
      return makeError(ErrorCode::InvalidInput,
                       "expects --imitate all or some of tables, denormals, "
                       "partial-sums, narrow-sums, but got '{}'",
                       name);
    chosen.*part->member = true;
  }
  ANEC_TRY(chosen.check(profile));
  return chosen;
}

} // namespace anec::rt::sim
