//===- Printer.cpp - MIL text from the AST --------------------------------===//
//
// Layout: functions indented by 4, statements by 8, one line each.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/Printer.h"

#include <fmt/format.h>

#include <cmath>

namespace anec::rt::mil {

namespace {

/// Appends the parts of a program to one string.
class TextPrinter {
public:
  explicit TextPrinter(std::string &text) : text(text) {}

  void program(const Program &program);
  void function(const Function &function);
  void statement(const Statement &statement);
  void typedValue(const Value &value);

private:
  void attributes(const std::vector<Attribute> &attributes);
  void argument(const Argument &argument);
  void operand(const Operand &operand);
  void literal(const Value &value);
  void members(const Value &value);
  void elements(const Value &value, size_t dim, size_t &next);
  void element(const Value &value, size_t index);
  void quoted(const std::string &string);

  /// As a scalar type, or as a tensor of rank 0 in a program of version 1.0.
  std::string scalar(const char *type) const {
    return shortScalars ? type : fmt::format("tensor<{}, []>", type);
  }

  std::string &text;
  bool shortScalars = true;
};

template <typename Items, typename Print>
void separated(std::string &text, const Items &items, Print print) {
  bool first = true;
  for (const auto &item : items) {
    if (!first)
      text += ", ";
    first = false;
    print(item);
  }
}

} // namespace

void TextPrinter::program(const Program &program) {
  shortScalars = program.versionMajor != 1 || program.versionMinor != 0;
  text += fmt::format("program({}.{})\n", program.versionMajor,
                      program.versionMinor);
  if (!program.attributes.empty()) {
    attributes(program.attributes);
    text += '\n';
  }
  text += "{\n";
  for (const Function &item : program.functions)
    function(item);
  text += "}\n";
}

void TextPrinter::function(const Function &function) {
  text += fmt::format("    func {}<{}>(", function.name, function.opset);
  separated(text, function.parameters, [&](const TypedName &parameter) {
    text += toString(parameter.type) + " " + parameter.name;
  });
  text += ")";
  if (!function.attributes.empty()) {
    text += ' ';
    attributes(function.attributes);
  }
  text += " {\n";
  for (const Statement &item : function.statements) {
    text += "        ";
    statement(item);
    text += '\n';
  }
  text += "    } -> (";
  separated(text, function.outputs,
            [&](const Reference &output) { text += output.name; });
  text += ");\n";
}

void TextPrinter::statement(const Statement &statement) {
  separated(text, statement.results, [&](const TypedName &result) {
    text += toString(result.type) + " " + result.name;
  });
  if (!statement.results.empty())
    text += " = ";
  text += statement.op + "(";
  separated(text, statement.arguments,
            [&](const Argument &item) { argument(item); });
  text += ")";
  if (!statement.attributes.empty())
    attributes(statement.attributes);
  text += ";";
}

void TextPrinter::attributes(const std::vector<Attribute> &attributes) {
  text += '[';
  separated(text, attributes, [&](const Attribute &attribute) {
    text += attribute.name + " = ";
    typedValue(attribute.value);
  });
  text += ']';
}

void TextPrinter::argument(const Argument &argument) {
  text += argument.name + " = ";
  if (argument.isTuple)
    text += '(';
  separated(text, argument.operands,
            [&](const Operand &item) { operand(item); });
  if (argument.isTuple)
    text += ')';
}

void TextPrinter::operand(const Operand &operand) {
  if (const auto *reference = std::get_if<Reference>(&operand))
    text += reference->name;
  else
    typedValue(std::get<Value>(operand));
}

void TextPrinter::typedValue(const Value &value) {
  text += toString(value.type) + "(";
  if (const BlobFile *blob = value.blob()) {
    text += "BLOBFILE(path = " + scalar("string") + "(";
    quoted(blob->path);
    text += fmt::format("), offset = {}({}))", scalar("uint64"), blob->offset);
  } else {
    literal(value);
  }
  text += ")";
}

void TextPrinter::literal(const Value &value) {
  if (value.members()) {
    members(value);
    return;
  }
  if (std::holds_alternative<std::monostate>(value.data))
    return;
  // Without elements no brackets are needed inside, however many there are.
  if (value.type.elementCount() == 0) {
    text += "[]";
    return;
  }
  size_t next = 0;
  elements(value, 0, next);
}

void TextPrinter::members(const Value &value) {
  const Value::Members &members = *value.members();
  if (value.type.kind == Type::Kind::Dict) {
    text += '{';
    for (size_t i = 0; i + 1 < members.size(); i += 2) {
      text += i == 0 ? "{" : ", {";
      literal(members[i]);
      text += ", ";
      literal(members[i + 1]);
      text += '}';
    }
    text += '}';
    return;
  }
  bool isList = value.type.kind == Type::Kind::List;
  text += isList ? '[' : '(';
  separated(text, members, [&](const Value &member) { literal(member); });
  text += isList ? ']' : ')';
}

void TextPrinter::elements(const Value &value, size_t dim, size_t &next) {
  if (dim == value.type.dims.size()) {
    element(value, next++);
    return;
  }
  text += '[';
  for (int64_t i = 0; i < value.type.dims[dim]; ++i) {
    if (i != 0)
      text += ", ";
    elements(value, dim + 1, next);
  }
  text += ']';
}

void TextPrinter::element(const Value &value, size_t index) {
  if (const auto *strings = value.strings()) {
    quoted(strings->at(index));
  } else if (const auto *floats = value.floats()) {
    double number = floats->at(index);
    if (std::isnan(number))
      text += "nan";
    else if (std::isinf(number))
      text += number < 0 ? "-inf" : "inf";
    else
      text += fmt::format("{:a}", number);
  } else if (const auto *integers = value.integers()) {
    int64_t number = integers->at(index);
    if (value.type.element == ScalarType::Bool)
      text += number != 0 ? "true" : "false";
    else if (value.type.element == ScalarType::UInt64)
      text += std::to_string(static_cast<uint64_t>(number));
    else
      text += std::to_string(number);
  }
}

void TextPrinter::quoted(const std::string &string) {
  text += '"';
  for (char c : string) {
    unsigned char code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      text += std::string("\\") + c;
    else if (c == '\n')
      text += "\\n";
    else if (c == '\t')
      text += "\\t";
    else if (c == '\r')
      text += "\\r";
    else if (code < 0x20 || code == 0x7f)
      text += fmt::format("\\x{:02x}", code);
    else
      text += c;
  }
  text += '"';
}

std::string print(const Program &program) {
  std::string text;
  TextPrinter(text).program(program);
  return text;
}

std::string print(const Value &value) {
  std::string text;
  TextPrinter(text).typedValue(value);
  return text;
}

std::string print(const Statement &statement) {
  std::string text;
  TextPrinter(text).statement(statement);
  return text;
}

} // namespace anec::rt::mil
