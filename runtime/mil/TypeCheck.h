//===- TypeCheck.h - Names and types of a MIL program -----------*- C++ -*-===//
//
// Looks every name up, infers the type of every result and compares it with
// the written one.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_TYPECHECK_H
#define ANEC_RUNTIME_MIL_TYPECHECK_H

#include "runtime/mil/Operands.h"

#include <map>
#include <string>
#include <vector>

namespace anec::rt::mil {

/// The values visible at one place of a function.
class Scope {
public:
  explicit Scope(std::string fileName) : fileName(std::move(fileName)) {}

  /// Makes the parameters of `function` visible.
  void enter(const Function &function);

  /// Resolves the operands of `statement`, checks it and defines its results.
  /// A name that is defined again hides the earlier value; `redefined` tells.
  /// Unsupported for an operator that is not in the table, InvalidInput for
  /// everything wrong. The statement must outlive the scope.
  Result<Operands> add(const Statement &statement);

  /// Null when there is no such value.
  const OperandInfo *find(const std::string &name) const;
  const std::vector<std::string> &redefined() const { return warnings; }

  /// An error at a place of the file.
  Error error(ErrorCode code, SourceLocation location,
              const std::string &message) const;

private:
  Result<Operands> resolve(const Statement &statement) const;
  std::optional<Error> checkParameters(const Statement &statement,
                                       std::string_view parameters,
                                       const Operands &operands) const;
  void define(const TypedName &name, const Type &inferred,
              const Value *constant);

  std::string fileName;
  std::map<std::string, OperandInfo> values;
  std::vector<std::string> warnings;
};

/// Checks a whole program. Warnings, such as names defined twice, are appended
/// to `warnings` unless it is null.
std::optional<Error> check(const Program &program, const std::string &fileName,
                           std::vector<std::string> *warnings = nullptr);

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_TYPECHECK_H
