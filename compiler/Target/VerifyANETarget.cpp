//===- VerifyANETarget.cpp - The only pass that rejects a kernel ----------===//
//
// Translates the IR to the AST once, asks runtime/target, and reports each
// broken rule at the op that the statement came from.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/ToMIL.h"
#include "compiler/Passes.h"
#include "dialect/MIL/MIL.h"
#include "runtime/target/Check.h"

namespace anec {
#define GEN_PASS_DEF_VERIFYANETARGETPASS
#include "compiler/Passes.h.inc"
} // namespace anec

using namespace mlir;

namespace anec {

namespace {

namespace target = rt::target;

struct VerifyANETargetPass
    : anec::impl::VerifyANETargetPassBase<VerifyANETargetPass> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    profile = target::findProfile(target.getValue());
    if (profile)
      return success();
    return emitError(UnknownLoc::get(context))
           << "unknown target '" << target.getValue() << "', expected one of "
           << target::profileNames();
  }

  void runOnOperation() override {
    auto kernel = toMIL(getOperation());
    if (failed(kernel))
      return signalPassFailure();
    std::vector<target::Violation> violations =
        target::check(kernel->program, *profile);
    for (const target::Violation &violation : violations)
      report(violation, *kernel);
    if (!violations.empty())
      signalPassFailure();
  }

private:
  void report(const target::Violation &violation, const EmittedKernel &kernel) {
    auto found = kernel.operations.find(violation.name);
    Operation *op = found == kernel.operations.end()
                        ? getOperation().getOperation()
                        : found->second;
    const target::RuleInfo &rule = target::ruleInfo(violation.rule);
    InFlightDiagnostic error = op->emitOpError()
                               << violation.message << " [" << rule.id << "]";
    error.attachNote() << "target '" << profile->name << "': " << rule.evidence;
    error.attachNote() << "instead: " << rule.wayOut;
  }

  const target::Profile *profile = nullptr;
};

} // namespace
} // namespace anec
