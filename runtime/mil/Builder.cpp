//===- Builder.cpp - Making MIL nodes -------------------------------------===//
//
// Constants, ops and the program header.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Builder.h"

#include "runtime/support/Half.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::mil {

namespace {

double roundToBFloat16(double value) {
  if (!std::isfinite(value) || value == 0)
    return value;
  // 8 significant bits; subnormals start at 2^-126 and step by 2^-133.
  int exponent = std::max(std::ilogb(value), -126);
  double unit = std::ldexp(1.0, exponent - 7);
  double rounded = std::nearbyint(value / unit) * unit;
  double largest = std::ldexp(255.0, 120);
  return std::abs(rounded) > largest ? std::copysign(INFINITY, value) : rounded;
}

Value makeValue(Type type, decltype(Value::data) data) {
  Value value;
  value.type = std::move(type);
  value.data = std::move(data);
  return value;
}

Attribute makeAttribute(std::string name, Value value) {
  Attribute attribute;
  attribute.name = std::move(name);
  attribute.value = std::move(value);
  return attribute;
}

TypedName makeTypedName(Type type, std::string name) {
  TypedName typedName;
  typedName.type = std::move(type);
  typedName.name = std::move(name);
  return typedName;
}

Reference makeReference(std::string name) {
  Reference reference;
  reference.name = std::move(name);
  return reference;
}

} // namespace

double roundToType(double value, ScalarType type) {
  switch (type) {
  case ScalarType::FP16:
    return static_cast<double>(static_cast<half>(value));
  case ScalarType::FP32:
    return static_cast<double>(static_cast<float>(value));
  case ScalarType::BF16:
    return roundToBFloat16(value);
  default:
    return value;
  }
}

Value makeString(std::string text) {
  return makeValue(Type::scalar(ScalarType::String),
                   Value::Strings{std::move(text)});
}

Value makeBool(bool value) {
  return makeValue(Type::scalar(ScalarType::Bool), Value::Integers{value});
}

Value makeInteger(ScalarType type, int64_t value) {
  return makeValue(Type::scalar(type), Value::Integers{value});
}

Value makeInt32(int64_t value) { return makeInteger(ScalarType::Int32, value); }

Value makeFloat(ScalarType type, double value) {
  return makeValue(Type::scalar(type), Value::Floats{roundToType(value, type)});
}

Value makeFP16(double value) { return makeFloat(ScalarType::FP16, value); }

Value makeInt32s(std::vector<int64_t> values) {
  int64_t count = static_cast<int64_t>(values.size());
  return makeValue(Type::tensor(ScalarType::Int32, {count}), std::move(values));
}

Value makeBools(const std::vector<bool> &values) {
  return makeValue(
      Type::tensor(ScalarType::Bool, {static_cast<int64_t>(values.size())}),
      Value::Integers(values.begin(), values.end()));
}

Value makeFloats(ScalarType type, std::vector<int64_t> dims,
                 std::vector<double> values) {
  for (double &value : values)
    value = roundToType(value, type);
  return makeValue(Type::tensor(type, std::move(dims)), std::move(values));
}

Value makeBlob(Type type, std::string path, uint64_t offset) {
  return makeValue(std::move(type), BlobFile{std::move(path), offset});
}

Argument makeArgument(std::string name, std::string value) {
  Argument argument;
  argument.name = std::move(name);
  argument.operands.push_back(makeReference(std::move(value)));
  return argument;
}

Argument makeTupleArgument(std::string name,
                           const std::vector<std::string> &values) {
  Argument argument;
  argument.name = std::move(name);
  argument.isTuple = true;
  for (const std::string &value : values)
    argument.operands.push_back(makeReference(value));
  return argument;
}

Statement makeConst(std::string name, Value value) {
  Type type = value.type;
  Statement statement = makeOp(std::move(type), std::move(name), "const", {});
  statement.attributes.push_back(makeAttribute("val", std::move(value)));
  return statement;
}

Statement makeOp(Type type, std::string name, std::string op,
                 std::vector<Argument> arguments) {
  Statement statement;
  statement.results.push_back(makeTypedName(std::move(type), name));
  statement.op = std::move(op);
  statement.arguments = std::move(arguments);
  statement.attributes.push_back(
      makeAttribute("name", makeString(std::move(name))));
  return statement;
}

Function makeMain() {
  Function function;
  function.name = "main";
  function.opset = "ios18";
  return function;
}

Program makeProgram() {
  Type string = Type::scalar(ScalarType::String);
  Value::Members entries;
  for (const char *text :
       {"coremlc-component-MIL", "3510.2.1", "coremlc-version", "3505.4.1",
        "coremltools-component-milinternal", "", "coremltools-version", "9.0"})
    entries.push_back(makeString(text));
  Program program;
  program.attributes.push_back(makeAttribute(
      "buildInfo", makeValue(Type::dict(string, string), std::move(entries))));
  return program;
}

static void spellAsTensors(Type &type) {
  if (type.kind == Type::Kind::Scalar)
    type.kind = Type::Kind::Tensor;
  for (Type &argument : type.arguments)
    spellAsTensors(argument);
}

static void spellAsTensors(Value &value) {
  spellAsTensors(value.type);
  if (auto *members = std::get_if<Value::Members>(&value.data))
    for (Value &member : *members)
      spellAsTensors(member);
}

static void spellAsTensors(Statement &statement) {
  for (TypedName &result : statement.results)
    spellAsTensors(result.type);
  for (Argument &argument : statement.arguments)
    for (Operand &operand : argument.operands)
      if (auto *value = std::get_if<Value>(&operand))
        spellAsTensors(*value);
  for (Attribute &attribute : statement.attributes)
    spellAsTensors(attribute.value);
}

Program toOldForm(Program program) {
  program.versionMajor = 1;
  program.versionMinor = 0;
  const Type string = Type::scalar(ScalarType::String);
  program.attributes = {makeAttribute(
      "buildInfo", makeValue(Type::dict(string, string),
                             Value::Members{makeString("coremlc-version"),
                                            makeString("3505.4.1")}))};
  for (Attribute &attribute : program.attributes)
    spellAsTensors(attribute.value);
  for (Function &function : program.functions) {
    function.opset = "ios16";
    for (Attribute &attribute : function.attributes)
      spellAsTensors(attribute.value);
    for (Statement &statement : function.statements)
      spellAsTensors(statement);
  }
  return program;
}

} // namespace anec::rt::mil
