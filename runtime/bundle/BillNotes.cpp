//===- BillNotes.cpp - What is worth saying about kernels -----------------===//

#include "runtime/bundle/Bill.h"
#include "runtime/mil/Reader.h"
#include "runtime/target/Check.h"

#include <fmt/format.h>

namespace anec::rt {

namespace {

BillNote noteOf(const std::string &kernel, target::Rule rule,
                const std::string &message) {
  const target::RuleInfo &info = target::ruleInfo(rule);
  return {kernel, std::string(info.id), message, std::string(info.evidence), 1};
}

/// One note for each rule, with the first of its messages.
void addNotes(const std::string &kernel,
              const std::vector<target::Violation> &violations,
              std::vector<BillNote> &notes) {
  std::map<target::Rule, size_t> known;
  for (const target::Violation &violation : violations) {
    if (!violation.isNote())
      continue;
    auto [found, isNew] = known.try_emplace(violation.rule, notes.size());
    if (isNew)
      notes.push_back(noteOf(kernel, violation.rule, violation.message));
    else
      ++notes[found->second].places;
  }
}

} // namespace

Result<std::vector<BillNote>> makeNotes(const Bundle &bundle,
                                        const target::Profile &profile) {
  std::vector<BillNote> notes;
  int64_t programs = 0;
  for (const Kernel &kernel : bundle.plan().kernels) {
    ANEC_ASSIGN(mil::Program program,
                mil::read(bundle.programFiles(kernel).text, kernel.file));
    addNotes(kernel.name, target::check(program, profile), notes);
    programs += kernel.instances;
  }
  using target::Rule;
  if (profile.checks(Rule::LoadedModels) &&
      programs > profile.limit(Rule::LoadedModels))
    notes.push_back(
        noteOf("all", Rule::LoadedModels,
               fmt::format("loads {} programs at once, at most {}", programs,
                           profile.limit(Rule::LoadedModels))));
  if (profile.checks(Rule::IoInPlace) &&
      bundle.plan().program("accumulate_step"))
    notes.push_back(
        noteOf("all", Rule::IoInPlace,
               fmt::format("{} are input and output of one dispatch",
                           bundle.plan().deviceParameters.empty()
                               ? "sums of weight gradients"
                               : "sums of weight gradients, weights and "
                                 "moments")));
  return notes;
}

} // namespace anec::rt
