//===- anec.cpp - The compiler's command line -----------------------------===//

#include "runtime/target/Profile.h"
#include "tools/anec/Check.h"
#include "tools/anec/ExitStatus.h"
#include "tools/anec/Import.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

namespace cl = llvm::cl;

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  const llvm::StringRef first = argc > 1 ? argv[1] : "";
  const bool isCheck = first == "check", isImport = first == "import";
  if (isCheck || isImport) {
    // The name of the program stays in front of the flags.
    argv[1] = argv[0];
    ++argv;
    --argc;
  }
  if (isImport)
    return anec::importMain(argc, argv);
  cl::OptionCategory category("anec");
  anec::CompileCommand command;
  anec::CompilerOptions &options = command.options;
  auto text = [&](llvm::StringRef name, std::string &to, const char *help) {
    return cl::opt<std::string, true>(name, cl::location(to), cl::desc(help),
                                      cl::init(to), cl::cat(category));
  };
  cl::opt<std::string, true> input(
      cl::Positional, cl::location(command.input),
      cl::desc(isCheck ? "MODEL.ir|FILE.mil" : "MODEL.ir"), cl::cat(category));
  auto output = text("o", command.output, "folder of the bundle");
  auto emit = text("emit", command.emit, "bundle, nn, mil or plan");
  auto weights =
      text("weights", options.weights, "packed, param, baked or delta");
  auto offload =
      text("offload", options.offload, "auto, none, extras, max or a list");
  auto recompute = text("recompute", options.recompute, "auto, cheap or full");
  auto target =
      text("target", options.target, "strict, m1, m4, m5 or a profile's file");
  auto provenOnly =
      text("proven-only", command.provenOnly,
           "T1 or T2: refuse forms that are not proven that well");
  cl::opt<bool, true> noConcat(
      "no-concat", cl::location(command.noConcat),
      cl::desc("without concat: several outputs in place of one"),
      cl::cat(category));
  auto vocabulary = text("active-vocab", command.activeVocabulary,
                         "rows of the vocabulary, or a file of tokens");
  auto after = text("print-ir-after", command.printAfter, "after this pass");
  auto broken = text("break-rule", options.breakRule,
                     "negate the gradient of this op, to test the checks");
  broken.setHiddenFlag(cl::Hidden);
  cl::opt<std::string> report("report", cl::ValueOptional, cl::cat(category),
                              cl::desc("print the bill: text or json"));
  cl::list<std::string> weightsFor("weights-for", cl::cat(category),
                                   cl::desc("GLOB=STRATEGY for parameters"));
  cl::opt<int64_t, true> sequence("seq", cl::location(command.sequence),
                                  cl::desc("another sequence length"),
                                  cl::cat(category));
  cl::opt<int64_t, true> batch("batch", cl::location(command.batch),
                               cl::desc("another batch"), cl::cat(category));
  cl::opt<int64_t, true> accumulation(
      "accum", cl::location(command.accumulation),
      cl::desc("micro-steps of an update, for the bill"),
      cl::init(command.accumulation), cl::cat(category));
  cl::opt<bool, true> all("print-ir-after-all",
                          cl::location(command.printAfterAll),
                          cl::desc("after each pass"), cl::cat(category));
  cl::opt<bool> rules("rules", cl::cat(category),
                      cl::desc("with check: list the rules of the target"));
  cl::HideUnrelatedOptions(category);

  std::string errors;
  llvm::raw_string_ostream stream(errors);
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          isCheck ? "reports every rule of a device that a program breaks\n"
                  : "compiles a model into the programs that train it\n"
                    "  (anec check FILE: rules of a device that it breaks)\n"
                    "  (anec import CONFIG -o MODEL.ir: a model file from "
                    "published sizes)\n",
          &stream)) {
    llvm::errs() << errors;
    return 2;
  }
  if (command.input.empty() && !rules)
    return anec::fail(isCheck ? "expects MODEL.ir or FILE.mil"
                              : "expects MODEL.ir");
  if (report.getNumOccurrences())
    command.report = report.empty() ? "text" : report.getValue();
  options.weightsFor.assign(weightsFor.begin(), weightsFor.end());
  if (command.sequence < 0 || command.batch < 0)
    return anec::fail("expects --seq and --batch above 0");
  if (command.accumulation < 1 || command.accumulation > 65536)
    return anec::fail("expects --accum from 1 to 65536, but got " +
                      llvm::Twine(command.accumulation));
  options.target = anec::rt::target::profileSpec(
      options.target, command.noConcat, command.provenOnly);
  if (auto profile = anec::rt::target::loadProfile(options.target); !profile)
    return anec::fail(profile.error().message);
  if (rules)
    return anec::listRules(command);
  return isCheck ? anec::check(command) : anec::compile(command);
}
