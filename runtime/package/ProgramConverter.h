//===- ProgramConverter.h - Messages to the AST -----------------*- C++ -*-===//
//
// The messages of a model file as the nodes of a MIL text.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_PACKAGE_PROGRAMCONVERTER_H
#define ANEC_RUNTIME_PACKAGE_PROGRAMCONVERTER_H

#include "Model.pb.h"
#include "runtime/mil/Ast.h"
#include "runtime/support/Result.h"

#include <string>
#include <utility>

namespace anec::rt::package {

/// An error in a package.
template <typename... Args>
Error invalid(fmt::format_string<Args...> format, Args &&...args) {
  return makeError(ErrorCode::InvalidInput, format,
                   std::forward<Args>(args)...);
}

/// Every function, in the file's order. Errors name `file`, the function, the
/// operation and its place among the function's operations, from 1.
Result<mil::Program> convertProgram(const coreml::Program &program,
                                    const std::string &file);

/// A type. Rank 0 is spelled as a scalar. The messages of errors say what was
/// expected, without a place.
Result<mil::Type> convertType(const coreml::ValueType &type);

/// A constant. Elements must be as many as the type says, and in its range.
Result<mil::Value> convertValue(const coreml::Value &value);

} // namespace anec::rt::package

#endif // ANEC_RUNTIME_PACKAGE_PROGRAMCONVERTER_H
