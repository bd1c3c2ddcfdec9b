//===- VerifyANETarget.cpp - The only pass that rejects a kernel ----------===//
//
// Translates the IR to the AST once, asks runtime/target, and reports each
// broken rule at the op that the statement came from.
//
//===----------------------------------------------------------------------===//

#include "compiler/Emit/ToMIL.h"
#include "compiler/Kernels/TargetOption.h"
#include "compiler/Passes.h"
#include "compiler/Target/Report.h"
#include "dialect/MIL/MIL.h"

#include <set>
#include <utility>

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
    return loadTarget(target.getValue(), context, profile);
  }

  void runOnOperation() override {
    auto kernel = toMIL(getOperation());
    if (failed(kernel))
      return signalPassFailure();
    std::vector<target::Violation> violations =
        target::check(kernel->program, *profile);
    // The report lists what is only worth a note.
    llvm::erase_if(violations, [](const target::Violation &violation) {
      return violation.isNote();
    });
    if (violations.empty())
      return;
    reportAll(violations, *kernel);
    signalPassFailure();
  }

private:
  /// One error for each rule and place. Where an op that computes breaks a
  /// rule, the inputs and copies around it that break it too say nothing new.
  void reportAll(const std::vector<target::Violation> &violations,
                 const EmittedKernel &kernel) {
    std::set<target::Rule> brokenByComputing;
    for (const target::Violation &violation : violations)
      if (computes(find(violation, kernel)))
        brokenByComputing.insert(violation.rule);
    std::set<std::pair<target::Rule, const void *>> reported;
    for (const target::Violation &violation : violations) {
      Operation *op = find(violation, kernel);
      if (brokenByComputing.count(violation.rule) && !computes(op))
        continue;
      const void *place = op->getLoc().getAsOpaquePointer();
      if (reported.emplace(violation.rule, place).second)
        report(violation, op, *profile);
    }
  }

  static bool computes(Operation *op) {
    return isa<mil::OperatorInterface>(op) &&
           !isa<mil::ReshapeOp, mil::TransposeOp, mil::SliceBySizeOp,
                mil::ConcatOp>(op);
  }

  /// The op of a violation, or the program for an input.
  Operation *find(const target::Violation &violation,
                  const EmittedKernel &kernel) {
    auto found = kernel.operations.find(violation.name);
    return found == kernel.operations.end() ? getOperation().getOperation()
                                            : found->second;
  }

  std::optional<target::Profile> profile;
};

} // namespace
} // namespace anec
