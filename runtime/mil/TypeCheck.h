//===- TypeCheck.h - Names and types of a MIL program -----------*- C++ -*-===//
//
// Looks every name up, infers the type of every result and compares it with
// the written one.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_MIL_TYPECHECK_H
#define ANEC_RUNTIME_MIL_TYPECHECK_H

#include "runtime/mil/OpTable.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace anec::rt::mil {

/// What to do with results whose types follow from values that are known at
/// run time only.
enum class RuntimeTypes { Believe, Refuse };

/// What to do with operators that have no type rule. Believed, their written
/// types count.
enum class UnknownOps { Believe, Refuse };

/// The values visible at one place of a function.
class Scope {
public:
  Scope(std::string fileName, RuntimeTypes runtimeTypes,
        UnknownOps unknownOps = UnknownOps::Refuse)
      : fileName(std::move(fileName)), runtimeTypes(runtimeTypes),
        unknownOps(unknownOps) {}

  /// Makes the parameters of `function` visible.
  void enter(const Function &function);

  /// Resolves the operands of `statement`, checks it and defines its results.
  /// A name that is defined again hides the earlier value; `warnings` tells,
  /// and also of operators that are newer than the function's opset.
  /// Unsupported for an operator that is not in the table and not believed,
  /// InvalidInput for everything wrong. The statement must outlive the scope.
  Result<Operands> add(const Statement &statement);

  /// Makes a result known before execution. `value` must outlive the scope.
  void setConstant(const std::string &name, const Value *value) {
    values[name].constant = value;
  }

  /// Null when there is no such value.
  const OperandInfo *find(const std::string &name) const;
  const std::vector<std::string> &warnings() const { return messages; }

  /// An error at a place of the file.
  Error error(ErrorCode code, SourceLocation location,
              const std::string &message) const;

private:
  Result<Operands> resolve(const Statement &statement) const;
  std::optional<Error>
  checkParameters(const Statement &statement,
                  const std::vector<OpParameter> &parameters,
                  const Operands &operands) const;
  void warnOfNewerOps(const Statement &statement, const Operands &operands);
  void define(const TypedName &name, const Type &inferred,
              const Value *constant, bool isFixed);

  Result<std::vector<Type>> inferTypes(const Statement &statement,
                                       const Operands &operands) const;

  std::string fileName;
  RuntimeTypes runtimeTypes;
  UnknownOps unknownOps;
  std::string opset;
  std::map<std::string, OperandInfo> values;
  std::vector<std::string> messages;
  std::set<std::string> newerOps;
};

/// Checks a whole program; believes run-time types. Warnings, such as names
/// defined twice, are appended to `warnings` unless it is null.
std::optional<Error> check(const Program &program, const std::string &fileName,
                           std::vector<std::string> *warnings = nullptr,
                           UnknownOps unknownOps = UnknownOps::Refuse);

} // namespace anec::rt::mil

#endif // ANEC_RUNTIME_MIL_TYPECHECK_H
