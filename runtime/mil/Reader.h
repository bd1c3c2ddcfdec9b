//===- Reader.h - MIL text to the AST ---------------------------*- C++ -*-===//
//
// Accepts the whole grammar, as coremlc and other people's generators write
// it. Meaning (names, types, operators) is TypeCheck's business.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_READER_H
#define ANEC_RUNTIME_MIL_READER_H

#include "runtime/mil/Ast.h"
#include "runtime/support/Result.h"

#include <string>
#include <string_view>

namespace anec::rt::mil {

/// Parses a program. InvalidInput as "file:line:column: expected ..., found
/// ..." for anything else; nesting deeper than 64 and texts beyond 2 GiB are
/// errors too.
Result<Program> read(std::string_view text, const std::string &fileName);

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_READER_H
