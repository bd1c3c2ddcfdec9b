//===- Printer.h - MIL text from the AST ------------------------*- C++ -*-===//
//
// The only place that writes MIL text. It decides nothing: what it prints is
// what the AST says, and the same AST gives the same bytes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_PRINTER_H
#define ANEC_RUNTIME_MIL_PRINTER_H

#include "runtime/mil/Ast.h"

namespace anec::rt::mil {

/// The text of `program`. Floats are hexadecimal and exact; reading the text
/// gives an equal AST.
std::string print(const Program &program);

/// One typed constant, such as `fp16(0x1p-3)`.
std::string print(const Value &value);

/// One statement without indentation and newline.
std::string print(const Statement &statement);

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_PRINTER_H
