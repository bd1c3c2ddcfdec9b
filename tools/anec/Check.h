//===- Check.h - What `anec check FILE` does --------------------*- C++ -*-===//
#ifndef ANEC_TOOLS_ANEC_CHECK_H
#define ANEC_TOOLS_ANEC_CHECK_H

#include "tools/anec/Compile.h"

namespace anec {

/// Reports every broken rule of the target, of a MIL text or of each kernel
/// that a model is compiled to. Exit status: 0 none, 1 some, 2 for a file that
/// cannot be read or is wrong, with a message printed.
int check(const CompileCommand &command);

/// Prints every rule with what it means to the target. Exit status 0, or 2 for
/// an unknown target.
int listRules(const CompileCommand &command);

} // namespace anec

#endif // ANEC_TOOLS_ANEC_CHECK_H
