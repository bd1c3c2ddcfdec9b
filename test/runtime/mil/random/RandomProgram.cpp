//===- RandomProgram.cpp - Programs to read and print ---------------------===//
//
// Functions of random operators, which are then spelled in unusual ways.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/mil/random/RandomProgram.h"

#include "test/runtime/mil/random/RandomKernel.h"

#include <set>

namespace anec::rt::mil::random {

namespace {

/// Words of the language are not reserved, so they make names too.
std::string randomName(Dice &dice, std::set<std::string> &taken) {
  static const std::vector<std::string> words = {
      "add",   "tensor", "fp16",  "func", "program", "const", "list",
      "tuple", "dict",   "state", "name", "val",     "x",     "values",
      "path",  "offset", "bool",  "_",    "_0",      "a@b",   "Z9"};
  for (;;) {
    std::string name = dice.chance(0.3) ? dice.pick(words) : "";
    for (int64_t i = dice.between(name.empty() ? 1 : 0, 6); i > 0; --i)
      name += dice.pick({'a', 'q', 'X', '_', '_', 'm'});
    if (dice.chance(0.5))
      name += std::to_string(dice.below(100));
    if (taken.insert(name).second)
      return name;
  }
}

/// Other names for all values.
void rename(Dice &dice, Function &function) {
  std::set<std::string> taken = {"true", "false", "inf", "nan", "BLOBFILE"};
  std::map<std::string, std::string> names;
  auto define = [&](TypedName &name) {
    names[name.name] = randomName(dice, taken);
    name.name = names[name.name];
  };
  for (TypedName &parameter : function.parameters)
    define(parameter);
  for (Statement &statement : function.statements) {
    for (Argument &argument : statement.arguments)
      for (Operand &operand : argument.operands)
        if (auto *reference = std::get_if<Reference>(&operand))
          reference->name = names.at(reference->name);
    for (TypedName &result : statement.results)
      define(result);
  }
  for (Reference &output : function.outputs)
    output.name = names.at(output.name);
}

/// Rank 0 has two spellings.
void respellRankZero(Dice &dice, Type &type) {
  if (type.kind == Type::Kind::Scalar && dice.chance(0.3))
    type = Type::tensor(type.element, {});
  else if (type.kind == Type::Kind::Tensor && type.dims.empty() &&
           dice.chance(0.3))
    type = Type::scalar(type.element);
}

/// Immediate operands become attributes, as in older opsets; attribute lists
/// change; sizes that follow from the operands are left open.
void respell(Dice &dice, Statement &statement) {
  for (size_t i = statement.arguments.size(); i-- > 0;) {
    Argument &argument = statement.arguments[i];
    for (Operand &operand : argument.operands)
      if (auto *value = std::get_if<Value>(&operand))
        respellRankZero(dice, value->type);
    if (argument.operands.size() == 1 && !argument.isTuple) {
      if (auto *value = std::get_if<Value>(&argument.operands[0]);
          value && dice.chance(0.3)) {
        statement.attributes.push_back(Attribute{argument.name, *value, {}});
        statement.arguments.erase(statement.arguments.begin() +
                                  static_cast<int64_t>(i));
        continue;
      }
      // One operand may stand in parentheses.
      argument.isTuple = dice.chance(0.05);
    }
  }
  for (Attribute &attribute : statement.attributes)
    respellRankZero(dice, attribute.value.type);
  for (TypedName &result : statement.results) {
    respellRankZero(dice, result.type);
    for (int64_t &dim : result.type.dims)
      if (statement.op != "const" && dice.chance(0.05))
        dim = dynamicSize;
  }
  dice.shuffle(statement.attributes);
}

Function randomFunction(Dice &dice, const std::string &name) {
  FunctionWriter writer(dice);
  std::vector<Var> pool;
  for (int64_t i = dice.between(1, 3); i > 0; --i) {
    const ScalarType element = dice.pick({ScalarType::FP16, ScalarType::FP32,
                                          ScalarType::FP16, ScalarType::Int32});
    pool.push_back(
        writer.input(Type::tensor(element, randomDims(dice, 5, 60)), -1, 1));
  }
  writeRandomOps(writer, pool, dice.between(0, 12));
  for (int64_t i = dice.below(4); i > 0; --i)
    pool.push_back(writer.namedConstant(randomValue(dice, 2), 0, 0));
  for (const Var &var : pool)
    if (dice.chance(0.3))
      writer.output(var);
  if (writer.function.outputs.empty())
    writer.output(pool.back());

  Function function = std::move(writer.function);
  function.name = name;
  function.opset = dice.pick({"ios15", "ios16", "ios17", "ios18", "ios26"});
  // Nobody uses a state; it is read all the same.
  if (dice.chance(0.1))
    function.parameters.push_back(TypedName{
        Type::state(Type::tensor(ScalarType::FP16, {1, 4})), "kept", {}});
  rename(dice, function);
  for (Statement &statement : function.statements)
    respell(dice, statement);
  for (int64_t i = dice.chance(0.2) ? 2 : 0; i > 0; --i)
    function.attributes.push_back(
        Attribute{"attribute" + std::to_string(i), randomValue(dice, 3), {}});
  return function;
}

} // namespace

Program randomProgram(uint64_t seed) {
  // Not the streams of the kernels.
  Dice dice(seed + (uint64_t(1) << 50));
  Program program = makeProgram();
  if (dice.chance(0.3)) {
    program.versionMinor = 0;
    program.attributes.clear();
  }
  for (int64_t i = dice.below(3); i > 0; --i)
    program.attributes.push_back(
        Attribute{"info" + std::to_string(i), randomValue(dice, 3), {}});
  for (int64_t i = dice.pick({1, 1, 2, 3}); i > 0; --i)
    program.functions.push_back(
        randomFunction(dice, i == 1 ? "main" : "f" + std::to_string(i)));
  return program;
}

// ---- White space ----

static bool isWordPart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '@' ||
         c == '.' || c == '+' || c == '-';
}

std::string respaced(const std::string &text, uint64_t seed) {
  Dice dice(seed + (uint64_t(1) << 51));
  std::string result;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inString || (c != ' ' && c != '\n')) {
      if (inString && c == '\\')
        result += text[i++];
      else if (c == '"')
        inString = !inString;
      result += text[i];
      continue;
    }
    const bool isNeeded = i > 0 && i + 1 < text.size() &&
                          isWordPart(text[i - 1]) && isWordPart(text[i + 1]);
    for (int64_t n = dice.between(isNeeded ? 1 : 0, 2); n > 0; --n)
      result += dice.chance(0.8) ? dice.pick({" ", "\t", "\n", "\r\n"})
                                 : dice.pick({"// \" )\n", "/* ; */", "/***/"});
  }
  return result;
}

} // namespace anec::rt::mil::random
