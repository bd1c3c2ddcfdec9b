//===- CheckContext.cpp - A function while it is checked ------------------===//

#include "runtime/target/CheckContext.h"

#include <fmt/format.h>

namespace anec::rt::target {

CheckContext::CheckContext(const mil::Program &program,
                           const mil::Function &function,
                           const Profile &profile)
    : program(program), function(function), profile(profile) {
  for (const mil::TypedName &parameter : function.parameters) {
    types[parameter.name] = &parameter.type;
    inputs.emplace(parameter.name, inputs.size());
  }
  for (const mil::Statement &statement : function.statements)
    for (const mil::TypedName &result : statement.results) {
      types[result.name] = &result.type;
      producers[result.name] = &statement;
    }
}

void CheckContext::atFunction(Rule rule, const std::string &what,
                              int64_t found) {
  report(rule, what, found, "", function.location, "");
}

void CheckContext::atValue(Rule rule, const std::string &name,
                           mil::SourceLocation place, const std::string &what,
                           int64_t found) {
  report(rule, what, found, name, place, "");
}

void CheckContext::at(Rule rule, const mil::Statement &statement,
                      const std::string &what, int64_t found) {
  report(rule, what, found,
         statement.results.empty() ? "" : statement.results.front().name,
         statement.location, statement.op);
}

void CheckContext::report(Rule rule, const std::string &what, int64_t found,
                          const std::string &name, mil::SourceLocation place,
                          const std::string &op) {
  if (!profile.checks(rule))
    return;
  std::string message = fmt::format(
      fmt::runtime(ruleInfo(rule).message), fmt::arg("what", what),
      fmt::arg("found", found), fmt::arg("limit", profile.limit(rule)));
  violations.push_back(
      {rule, std::move(message), name, place, op, profile.setting(rule).level});
}

const mil::Type *CheckContext::typeOf(const std::string &name) const {
  auto found = types.find(name);
  return found == types.end() ? nullptr : found->second;
}

const mil::Statement *CheckContext::producerOf(const std::string &name) const {
  auto found = producers.find(name);
  return found == producers.end() ? nullptr : found->second;
}

bool CheckContext::isConstant(const std::string &name) const {
  const mil::Statement *producer = producerOf(name);
  return producer &&
         (producer->op == "const" || producer->op.rfind("constexpr_", 0) == 0);
}

int64_t CheckContext::inputIndex(const std::string &name) const {
  auto found = inputs.find(name);
  return found == inputs.end() ? -1 : found->second;
}

const std::string *CheckContext::reference(const mil::Statement &statement,
                                           std::string_view parameter) const {
  const mil::Argument *argument = statement.findArgument(parameter);
  if (!argument || argument->operands.size() != 1)
    return nullptr;
  const auto *use = std::get_if<mil::Reference>(&argument->operands.front());
  return use ? &use->name : nullptr;
}

const mil::Type *CheckContext::operandType(const mil::Statement &statement,
                                           std::string_view parameter) const {
  if (const std::string *name = reference(statement, parameter))
    return typeOf(*name);
  const mil::Value *value = constant(statement, parameter);
  return value ? &value->type : nullptr;
}

const mil::Value *CheckContext::constant(const mil::Statement &statement,
                                         std::string_view parameter) const {
  const mil::Argument *argument = statement.findArgument(parameter);
  if (!argument || argument->operands.size() != 1)
    return nullptr;
  if (const auto *value = std::get_if<mil::Value>(&argument->operands.front()))
    return value;
  const mil::Statement *producer = producerOf(*reference(statement, parameter));
  if (!producer || producer->op != "const")
    return nullptr;
  const mil::Attribute *value = producer->findAttribute("val");
  return value ? &value->value : nullptr;
}

bool CheckContext::flag(const mil::Statement &statement,
                        std::string_view parameter) const {
  const mil::Value *value = constant(statement, parameter);
  return value && value->integers() && !value->integers()->empty() &&
         value->integers()->front() != 0;
}

} // namespace anec::rt::target
