//===- FunctionWriter.cpp - A function grows op by op ---------------------===//
//
// Constants, statements and the operators that kernels consist of.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/mil/random/FunctionWriter.h"

#include "runtime/mil/Blob.h"
#include "runtime/mil/OpTable.h"
#include "runtime/mil/Printer.h"
#include "runtime/support/Half.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace anec::rt::mil::random {

FunctionWriter::FunctionWriter(Dice &dice)
    : dice(dice), function(makeMain()),
      immediateShare(dice.pick({0.0, 0.3, 0.9})),
      shareShare(dice.pick({0.0, 1.0})) {}

std::string FunctionWriter::newName(const std::string &stem) {
  std::string name;
  for (int64_t i = static_cast<int64_t>(values.size());
       name.empty() || values.count(name); ++i)
    name = stem + "_" + std::to_string(i);
  return name;
}

Operand FunctionWriter::ref(const Var &var) { return Reference{var.name, {}}; }

std::vector<Operand> FunctionWriter::refs(const std::vector<Var> &vars) {
  std::vector<Operand> operands;
  for (const Var &var : vars)
    operands.push_back(ref(var));
  return operands;
}

Var FunctionWriter::input(const Type &type, double low, double high) {
  Var var{newName("in"), type, low, high};
  function.parameters.push_back(TypedName{type, var.name, {}});
  values[var.name] = OperandInfo{type, nullptr, var.name};
  elements += type.elementCount();
  inputs.push_back(var);
  return var;
}

Var FunctionWriter::namedConstant(Value value, double low, double high) {
  Var var{newName("c"), value.type, low, high};
  function.statements.push_back(makeConst(var.name, value));
  constants.push_back(std::move(value));
  values[var.name] = OperandInfo{var.type, &constants.back(), var.name, true};
  return var;
}

Operand FunctionWriter::constant(Value value) {
  if (dice.chance(immediateShare))
    return value;
  const std::string text = print(value);
  auto found = constantByText.find(text);
  if (found != constantByText.end() && dice.chance(shareShare))
    return Reference{found->second, {}};
  constantByText[text] = namedConstant(std::move(value), 0, 0).name;
  return Reference{constantByText[text], {}};
}

Var FunctionWriter::randomConstant(ScalarType type, const Dims &dims,
                                   double low, double high) {
  std::vector<double> numbers(
      static_cast<size_t>(Type::tensor(type, dims).elementCount()));
  for (double &number : numbers)
    number = dice.uniform(low, high);
  Value value = makeFloats(type, dims, numbers);
  // Every value of this program of the same type may share a file.
  if (type != ScalarType::FP16 || !dice.chance(0.5))
    return namedConstant(std::move(value), low, high);
  std::vector<half> halves(numbers.begin(), numbers.end());
  std::vector<uint8_t> bytes(halves.size() * sizeof(half));
  std::memcpy(bytes.data(), halves.data(), bytes.size());
  BlobWriter writer;
  const uint64_t offset =
      writer.append(type, static_cast<int64_t>(halves.size()),
                    Span<const uint8_t>(bytes.data(), bytes.size()));
  const std::string path =
      "@model_path/weights/w" + std::to_string(blobs.size()) + ".bin";
  blobs[path] = writer.bytes();
  return namedConstant(makeBlob(value.type, path, offset), low, high);
}

Operands FunctionWriter::resolve(const Statement &statement) {
  Operands operands;
  for (const Argument &argument : statement.arguments) {
    std::vector<OperandInfo> infos;
    for (const Operand &operand : argument.operands) {
      if (const auto *value = std::get_if<Value>(&operand))
        infos.push_back(OperandInfo{value->type, value, "", true});
      else
        infos.push_back(values.at(std::get<Reference>(operand).name));
    }
    operands.add(argument.name, std::move(infos));
  }
  return operands;
}

std::vector<Var> FunctionWriter::statement(const std::string &op,
                                           Arguments arguments, double low,
                                           double high) {
  Statement statement;
  statement.op = op;
  for (auto &[name, operands] : arguments) {
    Argument argument;
    argument.name = name;
    argument.isTuple = name == "values";
    argument.operands = std::move(operands);
    statement.arguments.push_back(std::move(argument));
  }
  dice.shuffle(statement.arguments);
  auto row = opTable().find(op);
  if (row == opTable().end())
    throw std::logic_error("there is no operator '" + op + "'");
  auto types = row->second.infer(resolve(statement));
  if (!types)
    throw std::logic_error("'" + op + "' is refused: " + types.error().message +
                           "\n" + print(statement));
  std::vector<Var> vars;
  for (const Type &type : *types) {
    Var var{newName(op), type, low, high};
    statement.results.push_back(TypedName{type, var.name, {}});
    values[var.name] = OperandInfo{type, nullptr, var.name};
    elements += type.elementCount();
    vars.push_back(std::move(var));
  }
  if (dice.chance(0.8))
    statement.attributes.push_back(
        Attribute{"name", makeString(vars.front().name), {}});
  function.statements.push_back(std::move(statement));
  return vars;
}

void FunctionWriter::output(const Var &var) {
  if (!hasOutput(var.name))
    function.outputs.push_back(Reference{var.name, {}});
}

bool FunctionWriter::hasOutput(const std::string &name) const {
  for (const Reference &output : function.outputs)
    if (output.name == name)
      return true;
  return false;
}

// ---- The usual operators ----

Var FunctionWriter::unary(const std::string &name, const Var &x, double low,
                          double high) {
  return op(name, {{"x", {ref(x)}}}, low, high);
}

Var FunctionWriter::binary(const std::string &name, const Var &x,
                           const Var &y) {
  double low = x.low + y.low, high = x.high + y.high;
  if (name == "sub") {
    low = x.low - y.high;
    high = x.high - y.low;
  } else if (name == "mul") {
    const double corners[] = {x.low * y.low, x.low * y.high, x.high * y.low,
                              x.high * y.high};
    low = *std::min_element(corners, corners + 4);
    high = *std::max_element(corners, corners + 4);
    if (x.name == y.name)
      low = std::max(low, 0.0);
  } else if (name == "maximum") {
    low = std::max(x.low, y.low);
    high = std::max(x.high, y.high);
  } else if (name == "minimum") {
    low = std::min(x.low, y.low);
    high = std::min(x.high, y.high);
  }
  return op(name, {{"x", {ref(x)}}, {"y", {ref(y)}}}, low, high);
}

Var FunctionWriter::scaled(const Var &x, double factor) {
  Operand y = constant(makeFloat(x.type.element, factor));
  const double a = x.low * factor, b = x.high * factor;
  return op("mul", {{"x", {ref(x)}}, {"y", {y}}}, std::min(a, b),
            std::max(a, b));
}

Var FunctionWriter::slice(const Var &x, const Dims &begin, const Dims &size) {
  if (dice.chance(0.7))
    return op("slice_by_size",
              {{"x", {ref(x)}},
               {"begin", {constant(makeInt32s(begin))}},
               {"size", {constant(makeInt32s(size))}}},
              x.low, x.high);
  Dims end;
  for (size_t i = 0; i < begin.size(); ++i)
    end.push_back(begin[i] + size[i]);
  return op("slice_by_index",
            {{"x", {ref(x)}},
             {"begin", {constant(makeInt32s(begin))}},
             {"end", {constant(makeInt32s(end))}}},
            x.low, x.high);
}

Var FunctionWriter::part(const Var &x, int64_t axis, int64_t begin,
                         int64_t size) {
  Dims begins(x.dims().size(), 0), sizes = x.dims();
  begins[static_cast<size_t>(axis)] = begin;
  sizes[static_cast<size_t>(axis)] = size;
  return slice(x, begins, sizes);
}

Var FunctionWriter::reshape(const Var &x, const Dims &dims) {
  Dims shape = dims;
  // One size may be left to the reader.
  if (!shape.empty() && dice.chance(0.15))
    shape[static_cast<size_t>(dice.below(static_cast<int64_t>(shape.size())))] =
        -1;
  return op("reshape",
            {{"x", {ref(x)}}, {"shape", {constant(makeInt32s(shape))}}}, x.low,
            x.high);
}

Var FunctionWriter::transpose(const Var &x, const Dims &perm) {
  Dims axes = perm;
  for (int64_t &axis : axes)
    if (dice.chance(0.1))
      axis -= x.rank();
  return op("transpose",
            {{"x", {ref(x)}}, {"perm", {constant(makeInt32s(axes))}}}, x.low,
            x.high);
}

Var FunctionWriter::transposed(const Var &x) {
  Dims perm;
  for (int64_t i = 0; i < x.rank(); ++i)
    perm.push_back(i);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return transpose(x, perm);
}

Var FunctionWriter::matmul(const Var &x, const Var &y, bool transposeX,
                           bool transposeY) {
  const size_t rank = x.dims().size();
  const int64_t depth =
      rank == 1 ? x.dims()[0] : x.dims()[rank - (transposeX ? 2 : 1)];
  Arguments arguments = {{"x", {ref(x)}}, {"y", {ref(y)}}};
  if (transposeX || dice.chance(0.7))
    arguments.push_back({"transpose_x", {constant(makeBool(transposeX))}});
  if (transposeY || dice.chance(0.7))
    arguments.push_back({"transpose_y", {constant(makeBool(transposeY))}});
  // Terms of both signs add up like a random walk, equal signs like a line.
  const bool sameSign = x.low >= 0 && y.low >= 0;
  const double terms = static_cast<double>(depth);
  const double size = x.magnitude() * y.magnitude() *
                      (sameSign ? terms : 1.5 * std::sqrt(terms));
  Var z = op("matmul", std::move(arguments), sameSign ? 0 : -size, size);
  products += z.type.elementCount() * depth;
  return z;
}

Var FunctionWriter::concat(const std::vector<Var> &values, int64_t axis) {
  Arguments arguments = {
      {"values", refs(values)},
      {"axis",
       {constant(
           makeInt32(dice.chance(0.2) ? axis - values[0].rank() : axis))}}};
  if (dice.chance(0.7))
    arguments.push_back({"interleave", {constant(makeBool(false))}});
  double low = values[0].low, high = values[0].high;
  for (const Var &value : values) {
    low = std::min(low, value.low);
    high = std::max(high, value.high);
  }
  return op("concat", std::move(arguments), low, high);
}

Var FunctionWriter::softmax(const Var &x, int64_t axis) {
  Arguments arguments = {{"x", {ref(x)}}};
  if (axis != x.rank() - 1 || dice.chance(0.8))
    arguments.push_back(
        {"axis",
         {constant(makeInt32(dice.chance(0.5) ? axis : axis - x.rank()))}});
  return op("softmax", std::move(arguments), 0, 1);
}

Var FunctionWriter::reduce(const std::string &name, const Var &x,
                           const Dims &axes, bool keep, double low,
                           double high) {
  Dims written = axes;
  for (int64_t &axis : written)
    if (dice.chance(0.3))
      axis -= x.rank();
  Arguments arguments = {{"x", {ref(x)}},
                         {"axes", {constant(makeInt32s(written))}}};
  if (keep || dice.chance(0.7))
    arguments.push_back({"keep_dims", {constant(makeBool(keep))}});
  return op(name, std::move(arguments), low, high);
}

} // namespace anec::rt::mil::random
