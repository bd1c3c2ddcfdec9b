//===- ProgramConverter.cpp - Messages to the AST -------------------------===//
//
// Every name is checked to be one that a MIL text can say, so that printing
// the program and reading it gives the same program.
//
//===----------------------------------------------------------------------===//
#include "runtime/package/ProgramConverter.h"

#include "runtime/mil/OpTable.h"

#include <algorithm>
#include <set>

namespace anec::rt::package {

namespace {

/// The same error inside of something.
Error within(const std::string &place, const Error &error) {
  return makeError(error.code, "{}: {}", place, error.message);
}

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Bytes of a file in a message of one line.
std::string shown(const std::string &text) {
  constexpr size_t longest = 60;
  std::string result = text.substr(0, longest);
  for (char &c : result)
    if (c < ' ' || c > '~')
      c = '?';
  return result + (text.size() > longest ? "..." : "");
}

std::optional<Error> checkName(const std::string &name, const char *what) {
  const bool isGood =
      !name.empty() && isLetter(name.front()) &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return isLetter(c) || (c >= '0' && c <= '9') || c == '@';
      });
  if (isGood)
    return std::nullopt;
  return invalid("expected {} of letters, digits, '_' and '@', found '{}'",
                 what, shown(name));
}

/// The key of one entry of a map: a name that did not occur before.
std::optional<Error> checkKey(const std::string &key, const char *what,
                              std::set<std::string> &seen) {
  ANEC_TRY(checkName(key, what));
  if (!seen.insert(key).second)
    return invalid("{} '{}' occurs twice", what, key);
  return std::nullopt;
}

template <typename Entries>
Result<std::vector<mil::Attribute>> convertAttributes(const Entries &entries) {
  std::vector<mil::Attribute> attributes;
  std::set<std::string> seen;
  for (const coreml::ValueEntry &entry : entries) {
    ANEC_TRY(checkKey(entry.key(), "an attribute's name", seen));
    Result<mil::Value> value = convertValue(entry.value());
    if (!value)
      return within("attribute '" + entry.key() + "'", value.error());
    mil::Attribute attribute;
    attribute.name = entry.key();
    attribute.value = std::move(*value);
    attributes.push_back(std::move(attribute));
  }
  return Result<std::vector<mil::Attribute>>(std::move(attributes));
}

Result<mil::TypedName> convertName(const coreml::NamedValueType &named) {
  ANEC_TRY(checkName(named.name(), "the name of a value"));
  Result<mil::Type> type = convertType(named.type());
  if (!type)
    return within("'" + named.name() + "'", type.error());
  mil::TypedName result;
  result.name = named.name();
  result.type = std::move(*type);
  return Result<mil::TypedName>(std::move(result));
}

Result<mil::Operand> convertBinding(const coreml::Binding &binding) {
  if (binding.has_value()) {
    ANEC_ASSIGN(mil::Value value, convertValue(binding.value()));
    return mil::Operand(std::move(value));
  }
  ANEC_TRY(checkName(binding.name(), "the name of a value"));
  mil::Reference reference;
  reference.name = binding.name();
  return mil::Operand(std::move(reference));
}

bool isVariadic(const std::string &op, const std::string &parameter) {
  auto row = mil::opTable().find(op);
  if (row == mil::opTable().end())
    return false;
  for (const mil::OpParameter &known : mil::parametersOf(row->second))
    if (known.name == parameter)
      return known.isVariadic;
  return false;
}

Result<mil::Argument> convertArgument(const std::string &op,
                                      const coreml::ArgumentEntry &entry) {
  mil::Argument argument;
  argument.name = entry.key();
  for (const coreml::Binding &binding : entry.value().arguments()) {
    Result<mil::Operand> operand = convertBinding(binding);
    if (!operand)
      return within("parameter '" + entry.key() + "'", operand.error());
    argument.operands.push_back(std::move(*operand));
  }
  // The text tells one value from a list of one, the messages do not.
  argument.isTuple =
      argument.operands.size() != 1 || isVariadic(op, argument.name);
  return Result<mil::Argument>(std::move(argument));
}

Result<mil::Statement> convertOperation(const coreml::Operation &operation) {
  mil::Statement statement;
  statement.op = operation.type();
  if (operation.blocks_size() != 0)
    return makeError(ErrorCode::Unsupported, "nested blocks are not supported");
  for (const coreml::NamedValueType &output : operation.outputs()) {
    ANEC_ASSIGN(mil::TypedName result, convertName(output));
    statement.results.push_back(std::move(result));
  }
  std::set<std::string> seen;
  for (const coreml::ArgumentEntry &entry : operation.inputs()) {
    ANEC_TRY(checkKey(entry.key(), "a parameter's name", seen));
    ANEC_ASSIGN(mil::Argument argument, convertArgument(statement.op, entry));
    statement.arguments.push_back(std::move(argument));
  }
  ANEC_ASSIGN(statement.attributes, convertAttributes(operation.attributes()));
  return Result<mil::Statement>(std::move(statement));
}

/// "CoreML5" is iOS 15 and so on; the ninth follows Apple's jump to years.
Result<std::string> convertOpset(const std::string &opset) {
  static constexpr std::pair<const char *, const char *> names[] = {
      {"CoreML5", "ios15"},
      {"CoreML6", "ios16"},
      {"CoreML7", "ios17"},
      {"CoreML8", "ios18"},
      {"CoreML9", "ios26"}};
  for (const auto &[name, text] : names)
    if (opset == name)
      return std::string(text);
  return invalid("expected an opset from 'CoreML5' to 'CoreML9', found '{}'",
                 shown(opset));
}

/// The block that belongs to the opset; others say the same in other words.
Result<const coreml::Block *> chooseBlock(const coreml::Function &function) {
  const coreml::Block *chosen = nullptr;
  for (const coreml::BlockEntry &entry : function.block_specializations()) {
    if (entry.key() != function.opset())
      continue;
    if (chosen)
      return invalid("block '{}' occurs twice", entry.key());
    chosen = &entry.value();
  }
  if (!chosen)
    return invalid("expected a block for opset '{}', found none",
                   function.opset());
  if (chosen->inputs_size() != 0)
    return invalid("expected a block without inputs of its own, found {}",
                   chosen->inputs_size());
  return chosen;
}

std::optional<Error> convertBlock(const coreml::Block &block,
                                  mil::Function &function) {
  int64_t number = 0;
  for (const coreml::Operation &operation : block.operations()) {
    ++number;
    if (auto error = checkName(operation.type(), "an operator's name"))
      return within(fmt::format("operation {}", number), *error);
    Result<mil::Statement> statement = convertOperation(operation);
    if (!statement)
      return within(fmt::format("operation {}, '{}'", number, operation.type()),
                    statement.error());
    function.statements.push_back(std::move(*statement));
  }
  for (const std::string &output : block.outputs()) {
    ANEC_TRY(checkName(output, "the name of an output"));
    mil::Reference reference;
    reference.name = output;
    function.outputs.push_back(std::move(reference));
  }
  return std::nullopt;
}

Result<mil::Function> convertFunction(const std::string &name,
                                      const coreml::Function &message) {
  mil::Function function;
  function.name = name;
  ANEC_ASSIGN(function.opset, convertOpset(message.opset()));
  std::set<std::string> seen;
  for (const coreml::NamedValueType &input : message.inputs()) {
    ANEC_TRY(checkKey(input.name(), "an input's name", seen));
    ANEC_ASSIGN(mil::TypedName parameter, convertName(input));
    function.parameters.push_back(std::move(parameter));
  }
  ANEC_ASSIGN(function.attributes, convertAttributes(message.attributes()));
  ANEC_ASSIGN(const coreml::Block *block, chooseBlock(message));
  ANEC_TRY(convertBlock(*block, function));
  return Result<mil::Function>(std::move(function));
}

} // namespace

Result<mil::Program> convertProgram(const coreml::Program &message,
                                    const std::string &file) {
  if (message.version() != 1)
    return invalid("{}: expected an ML program of version 1, found {}", file,
                   message.version());
  mil::Program program;
  auto attributes = convertAttributes(message.attributes());
  if (!attributes)
    return within(file, attributes.error());
  program.attributes = std::move(*attributes);
  std::set<std::string> seen;
  for (const coreml::FunctionEntry &entry : message.functions()) {
    if (auto error = checkKey(entry.key(), "a function's name", seen))
      return within(file, *error);
    Result<mil::Function> function =
        convertFunction(entry.key(), entry.value());
    if (!function)
      return within(fmt::format("{}: function '{}'", file, entry.key()),
                    function.error());
    program.functions.push_back(std::move(*function));
  }
  return Result<mil::Program>(std::move(program));
}

} // namespace anec::rt::package
