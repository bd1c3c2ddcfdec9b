//===- SameProgram.h - Are two programs the same? ---------------*- C++ -*-===//
//
// Everything that the AST holds but places in the text; NaN is NaN and -0 is
// not 0.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_MIL_RANDOM_SAMEPROGRAM_H
#define ANEC_TEST_RUNTIME_MIL_RANDOM_SAMEPROGRAM_H

#include "runtime/mil/Ast.h"

#include <string>

namespace anec::rt::mil::random {

/// Where the first difference is; empty when there is none.
std::string difference(const Program &a, const Program &b);

} // namespace anec::rt::mil::random

#endif // ANEC_TEST_RUNTIME_MIL_RANDOM_SAMEPROGRAM_H
