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

  void runOnOperation() override {
    const target::Profile *profile = target::findProfile(target.getValue());
    if (!profile) {
      getOperation().emitOpError("cannot be checked for target '")
          << target.getValue() << "', expected one of "
          << target::profileNames();
      return signalPassFailure();
    }
    auto kernel = toMIL(getOperation());
    if (failed(kernel))
      return signalPassFailure();
    std::vector<target::Violation> violations =
        target::check(kernel->program, *profile);
    for (const target::Violation &violation : violations)
      report(violation, *kernel, *profile);
    if (!violations.empty())
      signalPassFailure();
  }

  void report(const target::Violation &violation, const EmittedKernel &kernel,
              const target::Profile &profile) {
    auto found = kernel.operations.find(violation.name);
    Operation *op = found == kernel.operations.end()
                        ? getOperation().getOperation()
                        : found->second;
    const target::RuleInfo &rule = target::ruleInfo(violation.rule);
    InFlightDiagnostic error = op->emitOpError()
                               << violation.message << " [" << rule.id << "]";
    error.attachNote() << "target '" << profile.name << "': " << rule.evidence;
    error.attachNote() << "instead: " << rule.wayOut;
  }
};

} // namespace
} // namespace anec
