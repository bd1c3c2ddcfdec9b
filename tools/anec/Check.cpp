//===- Check.cpp - What `anec check FILE` does ----------------------------===//
//
// A MIL text needs no compiler: runtime/mil reads it, runtime/target knows the
// rules. A model is compiled first, and its kernels are checked.
//
//===----------------------------------------------------------------------===//

#include "tools/anec/Check.h"
#include "tools/anec/ExitStatus.h"

#include "compiler/Emit/ToMIL.h"
#include "compiler/Target/Report.h"
#include "runtime/mil/Blob.h"
#include "runtime/mil/BlobPath.h"
#include "runtime/mil/Reader.h"
#include "runtime/mil/TypeCheck.h"
#include "runtime/support/AtomicFile.h"
#include "runtime/support/MappedFile.h"

#include "llvm/Support/FileSystem.h"

#include <algorithm>
#include <set>
#include <tuple>

using namespace mlir;
using namespace anec;

namespace target = rt::target;

namespace {

//===----------------------------------------------------------------------===//
// MIL texts
//===----------------------------------------------------------------------===//

std::string placeOf(const std::string &file, rt::mil::SourceLocation place) {
  return fmt::format("{}:{}:{}: ", file, place.line, place.column);
}

/// Weight files are looked at, if they are there: a text alone can be checked.
std::optional<rt::Error> checkBlobs(const rt::mil::Program &program,
                                    const std::string &file) {
  std::set<std::string> said;
  auto warn = [&](const rt::mil::Value &value, const std::string &message) {
    if (said.insert(message).second)
      llvm::errs() << placeOf(file, value.location) << "warning: " << message
                   << "\n";
  };
  for (const rt::mil::Function &function : program.functions) {
    for (const rt::mil::Value *value : rt::mil::fileConstants(function)) {
      const rt::mil::BlobFile &blob = *value->blob();
      auto located = [&](const rt::Error &error) {
        return rt::makeError(error.code, "{}{}", placeOf(file, value->location),
                             error.message);
      };
      auto path = rt::mil::resolveBlob(blob.path, rt::mil::folderOf(file));
      if (!path && path.error().message.rfind("cannot open", 0) == 0) {
        warn(*value, path.error().message);
        continue;
      }
      if (!path)
        return located(path.error());
      auto bytes = rt::MappedFile::open(*path);
      if (!bytes)
        return located(bytes.error());
      std::vector<std::string> forgiven;
      auto data =
          rt::mil::findBlob(bytes->bytes(), blob.path, blob.offset, value->type,
                            rt::mil::BlobChecks::Lenient, &forgiven);
      if (!data)
        return located(data.error());
      for (const std::string &message : forgiven)
        warn(*value, message);
    }
  }
  return std::nullopt;
}

/// What a message is about.
std::string subjectOf(const target::Violation &violation) {
  if (!violation.op.empty())
    return "'" + violation.op + "' ";
  return violation.name.empty() ? "the program " : "'" + violation.name + "': ";
}

/// What was reported, in one line and as an exit status.
class Tally {
public:
  void add(const target::Violation &violation) {
    if (violation.isNote())
      ++notes;
    else
      ++places, rules.insert(violation.rule);
  }

  int finish(const std::string &file, const target::Profile &profile) const {
    llvm::outs() << file << ": ";
    if (places == 0)
      llvm::outs() << "keeps the rules of target '" << profile.name() << "'";
    else
      llvm::outs() << "breaks " << rules.size()
                   << (rules.size() == 1 ? " rule" : " rules") << " of target '"
                   << profile.name() << "' in " << places
                   << (places == 1 ? " place" : " places");
    if (notes > 0)
      llvm::outs() << ", " << notes << (notes == 1 ? " note" : " notes");
    llvm::outs() << "\n";
    return places == 0 ? done : broken;
  }

private:
  std::set<target::Rule> rules;
  int64_t places = 0, notes = 0;
};

int reportText(std::vector<target::Violation> violations,
               const std::string &file, const target::Profile &profile) {
  std::stable_sort(violations.begin(), violations.end(),
                   [](const auto &a, const auto &b) {
                     return std::tie(a.location.line, a.location.column) <
                            std::tie(b.location.line, b.location.column);
                   });
  Tally tally;
  for (const target::Violation &violation : violations) {
    const target::RuleInfo &rule = target::ruleInfo(violation.rule);
    const std::string place = placeOf(file, violation.location);
    llvm::errs() << place << (violation.isNote() ? "note: " : "error: ")
                 << subjectOf(violation) << violation.message << " [" << rule.id
                 << "]\n"
                 << place << "note: target '" << profile.name()
                 << "': " << rule.evidence << "\n"
                 << place << "note: instead: " << rule.wayOut << "\n";
    tally.add(violation);
  }
  return tally.finish(file, profile);
}

int checkText(const std::string &file, const std::string &text,
              const target::Profile &profile) {
  auto failed = [](const rt::Error &error) {
    // The message begins with the place.
    const size_t end = error.message.find(": ");
    llvm::errs() << error.message.substr(0, end) << ": error"
                 << error.message.substr(end) << "\n";
    return badInput;
  };
  auto program = rt::mil::read(text, file);
  if (!program)
    return failed(program.error());
  std::vector<std::string> warnings;
  if (auto error = rt::mil::check(*program, file, &warnings,
                                  rt::mil::UnknownOps::Believe))
    return failed(*error);
  for (const std::string &warning : warnings) {
    const size_t end = warning.find(": ");
    llvm::errs() << warning.substr(0, end) << ": warning" << warning.substr(end)
                 << "\n";
  }
  if (auto error = checkBlobs(*program, file))
    return failed(*error);
  if (program->functions.empty())
    return fail("expects a function in '" + file + "'");
  return reportText(target::check(*program, profile), file, profile);
}

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

/// Place, rule and words of what was reported.
using Said = std::set<std::tuple<const void *, target::Rule, std::string>>;

/// Every broken rule at the op of the model that the statement comes from; the
/// same words at the same place once.
LogicalResult reportKernel(mil::ProgramOp program,
                           const target::Profile &profile, Said &said,
                           Tally &tally) {
  auto kernel = toMIL(program);
  if (failed(kernel))
    return failure();
  for (const target::Violation &violation :
       target::check(kernel->program, profile)) {
    auto found = kernel->operations.find(violation.name);
    Operation *op = found == kernel->operations.end() ? program.getOperation()
                                                      : found->second;
    if (said.insert({op->getLoc().getAsOpaquePointer(), violation.rule,
                     violation.message})
            .second) {
      report(violation, op, profile);
      tally.add(violation);
    }
  }
  return success();
}

int checkModel(const CompileCommand &command, const target::Profile &profile) {
  return withModel(command, [&](ModuleOp module) {
    PassManager passes(module.getContext());
    addModelPasses(passes, command.options);
    addKernelPasses(passes, command.options);
    if (failed(passes.run(module)))
      return badInput;
    Said said;
    Tally tally;
    WalkResult result = module.walk([&](mil::ProgramOp program) {
      return failed(reportKernel(program, profile, said, tally))
                 ? WalkResult::interrupt()
                 : WalkResult::advance();
    });
    if (result.wasInterrupted())
      return badInput;
    return tally.finish(command.input, profile);
  });
}

} // namespace

int anec::check(const CompileCommand &command) {
  rt::Result<target::Profile> profile =
      target::loadProfile(command.options.target);
  if (!profile)
    return fail(profile.error().message);
  if (!command.output.empty())
    return fail("check writes no files, but got -o '" + command.output + "'");
  std::string file = command.input;
  // A compiled Core ML model is a folder with the text in it.
  if (llvm::sys::fs::is_directory(file))
    file += "/model.mil";
  auto text = rt::readFile(file);
  if (!text)
    return fail(text.error().message);
  const llvm::StringRef start = llvm::StringRef(*text).ltrim();
  if (llvm::StringRef(file).ends_with(".mil") || start.starts_with("program"))
    return checkText(file, *text, *profile);
  return checkModel(command, *profile);
}
