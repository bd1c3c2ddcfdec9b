//===- TypeCheck.cpp - Names and types of a MIL program -------------------===//
//
// One statement after the other; the written types decide, inferred sizes
// fill in for '?'.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/TypeCheck.h"

#include <set>

namespace anec::rt::mil {

Error Scope::error(ErrorCode code, SourceLocation location,
                   const std::string &message) const {
  return makeError(code, "{}:{}:{}: {}", fileName, location.line,
                   location.column, message);
}

void Scope::enter(const Function &function) {
  opset = function.opset;
  for (const TypedName &parameter : function.parameters)
    define(parameter, parameter.type, nullptr, false);
}

const OperandInfo *Scope::find(const std::string &name) const {
  auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

void Scope::define(const TypedName &name, const Type &inferred,
                   const Value *constant, bool isFixed) {
  OperandInfo info;
  info.type = name.type;
  info.constant = constant;
  info.isFixed = isFixed;
  info.name = name.name;
  for (size_t i = 0; i < info.type.dims.size(); ++i)
    if (info.type.dims[i] == dynamicSize && i < inferred.dims.size())
      info.type.dims[i] = inferred.dims[i];
  auto [place, isNew] = values.insert_or_assign(name.name, std::move(info));
  if (!isNew)
    messages.push_back(fmt::format("{}:{}:{}: '{}' is defined again; the last "
                                   "definition counts",
                                   fileName, name.location.line,
                                   name.location.column, place->first));
}

Result<Operands> Scope::resolve(const Statement &statement) const {
  Operands operands(opsetVersion(opset));
  // Ops of older opsets have their operands in the attribute list.
  for (const Attribute &attribute : statement.attributes)
    if (attribute.name != "name")
      operands.add(attribute.name, {OperandInfo{attribute.value.type,
                                                &attribute.value, "", true}});
  for (const Argument &argument : statement.arguments) {
    std::vector<OperandInfo> infos;
    for (const Operand &operand : argument.operands) {
      if (const auto *value = std::get_if<Value>(&operand)) {
        infos.push_back(OperandInfo{value->type, value, "", true});
        continue;
      }
      const Reference &reference = std::get<Reference>(operand);
      const OperandInfo *info = find(reference.name);
      if (!info)
        return error(ErrorCode::InvalidInput, reference.location,
                     "no value is called '" + reference.name + "' here");
      infos.push_back(*info);
    }
    if (operands.has(argument.name))
      return error(ErrorCode::InvalidInput, argument.location,
                   "argument '" + argument.name + "' occurs twice");
    operands.add(argument.name, std::move(infos));
  }
  return operands;
}

std::optional<Error>
Scope::checkParameters(const Statement &statement,
                       const std::vector<OpParameter> &parameters,
                       const Operands &operands) const {
  auto fail = [&](const std::string &message) {
    return error(ErrorCode::InvalidInput, statement.location,
                 "'" + statement.op + "': " + message);
  };
  std::set<std::string> known;
  for (const OpParameter &parameter : parameters) {
    const std::string &name = parameter.name;
    known.insert(name);
    const std::vector<OperandInfo> &values = operands.all(name);
    if (values.empty() && !parameter.isOptional)
      return fail("expected argument '" + name + "'");
    if (values.size() > 1 && !parameter.isVariadic)
      return fail(fmt::format("expected one value as '{}', found {}", name,
                              values.size()));
    for (const OperandInfo &value : values)
      if (parameter.isConstant && !value.isFixed)
        return fail(fmt::format("expected '{}' to be a constant, found the "
                                "computed value '{}'",
                                name, value.name));
  }
  for (const auto &[name, values] : operands.map())
    if (!known.count(name))
      return fail("there is no parameter '" + name + "'");
  return std::nullopt;
}

/// Published programs mix opsets, so this stops nothing. Each is said once.
void Scope::warnOfNewerOps(const Statement &statement,
                           const Operands &operands) {
  auto warn = [&](const std::string &what, int since) {
    if (operands.opset() < since && newerOps.insert(what).second)
      messages.push_back(fmt::format("{}:{}:{}: {} exists from ios{} on, but "
                                     "the function's opset is {}",
                                     fileName, statement.location.line,
                                     statement.location.column, what, since,
                                     opset));
  };
  warn("'" + statement.op + "'", firstOpset(statement.op));
  for (const auto &[name, values] : operands.map())
    warn(fmt::format("'{}' of '{}'", name, statement.op),
         firstOpset(statement.op, name));
}

Result<std::vector<Type>> Scope::inferTypes(const Statement &statement,
                                            const Operands &operands) const {
  const OpInfo &info = opTable().find(statement.op)->second;
  Result<std::vector<Type>> inferred = info.infer(operands);
  if (!inferred && inferred.error().code == ErrorCode::Unsupported &&
      runtimeTypes == RuntimeTypes::Believe) {
    std::vector<Type> written;
    for (const TypedName &result : statement.results)
      written.push_back(result.type);
    return written;
  }
  if (!inferred)
    return error(inferred.error().code, statement.location,
                 "'" + statement.op + "': " + inferred.error().message);
  return inferred;
}

/// True when all operands are constants.
static bool isFixed(const Operands &operands) {
  for (const auto &[name, values] : operands.map())
    for (const OperandInfo &value : values)
      if (!value.isFixed)
        return false;
  return true;
}

/// The quotient of integers may be written as floats.
static bool isQuotient(const std::string &op, const Type &written,
                       const Type &inferred) {
  return op == "real_div" && isInteger(inferred.element) &&
         isFloat(written.element) &&
         sameType(written, Type::tensor(written.element, inferred.dims));
}

Result<Operands> Scope::add(const Statement &statement) {
  auto info = opTable().find(statement.op);
  if (info == opTable().end() && unknownOps == UnknownOps::Refuse)
    return error(ErrorCode::Unsupported, statement.location,
                 "operator '" + statement.op + "' is not supported");
  ANEC_ASSIGN(Operands operands, resolve(statement));
  if (info == opTable().end()) {
    for (const TypedName &result : statement.results)
      define(result, result.type, nullptr, isFixed(operands));
    return operands;
  }
  ANEC_TRY(checkParameters(statement, parametersOf(info->second), operands));
  warnOfNewerOps(statement, operands);
  ANEC_ASSIGN(std::vector<Type> inferred, inferTypes(statement, operands));
  if (inferred.size() != statement.results.size())
    return error(ErrorCode::InvalidInput, statement.location,
                 fmt::format("'{}': expected {} results, found {}",
                             statement.op, inferred.size(),
                             statement.results.size()));
  // Sizes are known although the elements are not.
  const bool isKnownShape =
      statement.op == "shape" &&
      operands.find("x")->type.elementCount() != dynamicSize;
  const Value *constant = nullptr;
  if (statement.op == "const") {
    const OperandInfo *value = operands.find("val");
    if (!value->constant)
      return error(ErrorCode::InvalidInput, statement.location,
                   "'const': expected 'val' to be a constant, found the "
                   "computed value '" +
                       value->name + "'");
    constant = value->constant;
  }
  for (size_t i = 0; i < inferred.size(); ++i) {
    const TypedName &result = statement.results[i];
    const Type &type = inferred[i];
    if (!sameType(result.type, type) &&
        !isQuotient(statement.op, result.type, type))
      return error(ErrorCode::InvalidInput, result.location,
                   fmt::format("'{}': expected the result type {}, found {}",
                               statement.op, toString(type),
                               toString(result.type)));
    define(result, type, constant, isFixed(operands) || isKnownShape);
    // Written types are bounded by the reader, inferred sizes of '?' here.
    if (!hasBoundedSize(find(result.name)->type))
      return error(ErrorCode::InvalidInput, result.location,
                   fmt::format("'{}': expected at most 2^48 elements, found {}",
                               statement.op,
                               toString(find(result.name)->type)));
  }
  return operands;
}

static std::optional<Error> checkFunction(const Function &function,
                                          const std::string &fileName,
                                          std::vector<std::string> *warnings,
                                          UnknownOps unknownOps) {
  Scope scope(fileName, RuntimeTypes::Believe, unknownOps);
  scope.enter(function);
  for (const Statement &statement : function.statements) {
    Result<Operands> operands = scope.add(statement);
    if (!operands)
      return operands.error();
  }
  if (function.outputs.empty())
    return scope.error(ErrorCode::InvalidInput, function.location,
                       "function '" + function.name + "' returns nothing");
  for (const Reference &output : function.outputs)
    if (!scope.find(output.name))
      return scope.error(ErrorCode::InvalidInput, output.location,
                         "no value is called '" + output.name + "' here");
  if (warnings)
    warnings->insert(warnings->end(), scope.warnings().begin(),
                     scope.warnings().end());
  return std::nullopt;
}

std::optional<Error> check(const Program &program, const std::string &fileName,
                           std::vector<std::string> *warnings,
                           UnknownOps unknownOps) {
  for (const Function &function : program.functions)
    ANEC_TRY(checkFunction(function, fileName, warnings, unknownOps));
  return std::nullopt;
}

} // namespace anec::rt::mil
