//===- Report.h - Broken rules as diagnostics -------------------*- C++ -*-===//
#ifndef ANEC_COMPILER_TARGET_REPORT_H
#define ANEC_COMPILER_TARGET_REPORT_H

#include "runtime/target/Check.h"

#include "mlir/IR/Operation.h"

namespace anec {

/// An error, or a remark for a note, at `op` that names the rule, with its
/// evidence and the way out.
void report(const rt::target::Violation &violation, mlir::Operation *op,
            const rt::target::Profile &profile);

} // namespace anec

#endif // ANEC_COMPILER_TARGET_REPORT_H
