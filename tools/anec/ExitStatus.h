//===- ExitStatus.h - How commands end --------------------------*- C++ -*-===//
#ifndef ANEC_TOOLS_ANEC_EXITSTATUS_H
#define ANEC_TOOLS_ANEC_EXITSTATUS_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

namespace anec {

/// Exit statuses; `broken` is for a program that no device would take.
constexpr int done = 0, broken = 1, badInput = 2;

/// One line about input that is of no use.
inline int fail(const llvm::Twine &message) {
  llvm::errs() << "anec: error: " << message << "\n";
  return badInput;
}

} // namespace anec

#endif // ANEC_TOOLS_ANEC_EXITSTATUS_H
