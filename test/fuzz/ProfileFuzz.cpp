//===- ProfileFuzz.cpp - Any bytes as a user's target ---------------------===//
#include "runtime/target/ProfileFile.h"
#include "test/fuzz/FuzzInput.h"

using namespace anec::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto profile = target::parseProfile(fuzz::textOf(data, size), "fuzz.json");
  if (!profile)
    return 0;
  for (const target::RuleInfo &rule : target::allRules())
    fuzz::require(!profile->checks(rule.rule) || profile->limit(rule.rule) > 0,
                  "a rule without a limit: " + std::string(rule.id));
  return 0;
}
