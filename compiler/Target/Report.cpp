//===- Report.cpp - Broken rules as diagnostics ---------------------------===//

#include "compiler/Target/Report.h"

using namespace mlir;

void anec::report(const rt::target::Violation &violation, Operation *op,
                  const rt::target::Profile &profile) {
  const rt::target::RuleInfo &rule = rt::target::ruleInfo(violation.rule);
  InFlightDiagnostic error =
      (violation.isNote() ? op->emitRemark() : op->emitOpError())
      << violation.message << " [" << rule.id << "]";
  error.attachNote() << "target '" << profile.name() << "': " << rule.evidence;
  error.attachNote() << "instead: " << rule.wayOut;
}
