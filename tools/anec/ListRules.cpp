//===- ListRules.cpp - What `anec check --rules` does ---------------------===//

#include "tools/anec/Check.h"
#include "tools/anec/ExitStatus.h"

#include "runtime/target/Profile.h"

#include "llvm/Support/raw_ostream.h"

using namespace anec;

namespace target = rt::target;

static const char *phaseName(target::Phase phase) {
  switch (phase) {
  case target::Phase::Compile:
    return "programs";
  case target::Phase::Run:
    return "runs";
  case target::Phase::Both:
    return "programs and runs";
  }
  return "";
}

/// "refused", "at 49152 bytes", "a note", "off".
static std::string settingText(const target::RuleInfo &rule,
                               const target::Setting &setting) {
  if (setting.level == target::Level::Off)
    return "off";
  std::string text = setting.level == target::Level::Note ? "noted" : "refused";
  if (rule.hasValue())
    text += ", " + std::to_string(setting.value) + " " + std::string(rule.unit);
  return text;
}

int anec::listRules(const CompileCommand &command) {
  rt::Result<target::Profile> profile =
      target::loadProfile(command.options.target);
  if (!profile)
    return fail(profile.error().message);
  for (const target::RuleInfo &rule : target::allRules())
    llvm::outs() << rule.id << ": " << rule.limits << " ("
                 << settingText(rule, profile->setting(rule.rule))
                 << ")\n    of " << phaseName(rule.phase) << "; "
                 << target::confidenceName(rule.confidence) << ": "
                 << rule.evidence << "\n    instead: " << rule.wayOut << "\n";
  return done;
}
