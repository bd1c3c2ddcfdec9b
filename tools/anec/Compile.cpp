//===- Compile.cpp - What `anec MODEL.ir` does ----------------------------===//

#include "tools/anec/Compile.h"
#include "compiler/Emit/Bundle.h"
#include "dialect/MIL/MIL.h"
#include "runtime/bundle/Bill.h"
#include "tools/anec/ExitStatus.h"
#include "tools/anec/ModelText.h"
#include "tools/anec/Resize.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace anec;

namespace {

void setUpPrinting(PassManager &passes, const CompileCommand &command) {
  if (!command.printAfterAll && command.printAfter.empty())
    return;
  // Threads would mix what they print.
  passes.getContext()->disableMultithreading();
  auto after = [&command](Pass *pass, Operation *) {
    return command.printAfterAll || pass->getArgument() == command.printAfter;
  };
  passes.enableIRPrinting([](Pass *, Operation *) { return false; }, after,
                          /*printModuleScope=*/true,
                          /*printAfterOnlyOnChange=*/false,
                          /*printAfterOnlyOnFailure=*/false, llvm::outs());
}

/// Runs the passes up to what `emit` asks for.
LogicalResult runPasses(ModuleOp module, const CompileCommand &command) {
  PassManager passes(module.getContext());
  setUpPrinting(passes, command);
  addModelPasses(passes, command.options);
  if (command.emit != "nn")
    addKernelPasses(passes, command.options);
  if (command.emit == "plan" || command.emit == "bundle")
    addPlanPasses(passes, command.options);
  return passes.run(module);
}

/// Prints what the bundle costs.
int printBill(const BundleFiles &files, const CompileCommand &command) {
  rt::Bundle::Files bytes;
  for (const auto &[path, content] : files)
    bytes[path].assign(content.begin(), content.end());
  rt::Result<rt::Bundle> bundle = rt::Bundle::fromFiles(std::move(bytes));
  if (!bundle)
    return fail(bundle.error().message);
  rt::Result<rt::Bill> bill = rt::makeBill(*bundle, command.accumulation);
  if (!bill)
    return fail(bill.error().message);
  rt::Result<rt::target::Profile> profile =
      rt::target::loadProfile(command.options.target);
  if (!profile)
    return fail(profile.error().message);
  rt::Result<std::vector<rt::BillNote>> notes =
      rt::makeNotes(*bundle, *profile);
  if (!notes)
    return fail(notes.error().message);
  bill->notes = std::move(*notes);
  llvm::outs() << (command.report == "json" ? rt::billAsJson(*bill)
                                            : rt::billAsText(*bill));
  return done;
}

int emit(ModuleOp module, const CompileCommand &command) {
  if (command.emit == "nn" || command.emit == "mil") {
    module.print(llvm::outs());
    return done;
  }
  FailureOr<BundleFiles> files = makeBundle(module);
  if (failed(files))
    return badInput;
  if (command.emit == "plan")
    llvm::outs() << (*files)["plan.json"];
  if (!command.report.empty())
    if (int status = printBill(*files, command))
      return status;
  if (command.output.empty())
    return done;
  if (llvm::Error error = writeBundle(*files, command.output))
    return fail(llvm::toString(std::move(error)));
  return done;
}

} // namespace

int anec::withModel(const CompileCommand &command,
                    llvm::function_ref<int(ModuleOp)> work) {
  auto buffer = llvm::MemoryBuffer::getFile(command.input, /*IsText=*/true);
  if (!buffer)
    return fail("cannot open '" + command.input +
                "': " + buffer.getError().message());
  if (auto problem = findModelTextProblem((*buffer)->getBuffer())) {
    llvm::errs() << command.input << ":" << *problem << "\n";
    return badInput;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  DialectRegistry registry;
  registry.insert<nn::NNDialect, mil::MILDialect, plan::PlanDialect>();
  MLIRContext context(registry);
  context.printOpOnDiagnostic(false); // The source line says it better.
  SourceMgrDiagnosticHandler diagnostics(sources, &context);

  // Verified after a change of size: only then do shapes have to agree.
  ParserConfig config(&context, /*verifyAfterParse=*/false);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, config);
  if (!module)
    return badInput;
  auto models = llvm::to_vector(module->getOps<nn::ModelOp>());
  if (models.size() != 1 || !llvm::hasSingleElement(*module->getBody()))
    return fail("expects one nn.model in '" + command.input + "', but got " +
                std::to_string(models.size()) + " among " +
                std::to_string(module->getBody()->getOperations().size()) +
                " operations");
  if (!command.activeVocabulary.empty()) {
    llvm::Expected<int64_t> rows =
        readActiveVocabulary(command.activeVocabulary);
    if (!rows)
      return fail(llvm::toString(rows.takeError()));
    if (failed(resizeVocabulary(models.front(), *rows)))
      return badInput;
  }
  if (failed(resize(models.front(), command.batch, command.sequence)) ||
      failed(verify(*module)))
    return badInput;
  return work(*module);
}

int anec::compile(const CompileCommand &command) {
  if (command.emit != "bundle" && command.emit != "nn" &&
      command.emit != "mil" && command.emit != "plan")
    return fail("expects --emit=bundle, nn, mil or plan, but got '" +
                command.emit + "'");
  if (!command.report.empty() && command.report != "text" &&
      command.report != "json")
    return fail("expects --report=text or json, but got '" + command.report +
                "'");
  if (!command.report.empty() && command.emit != "bundle")
    return fail("expects --report without --emit, but got --emit=" +
                command.emit);
  return withModel(command, [&](ModuleOp module) {
    return failed(runPasses(module, command)) ? badInput
                                              : emit(module, command);
  });
}
