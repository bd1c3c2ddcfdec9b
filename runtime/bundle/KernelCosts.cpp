//===- KernelCosts.cpp - What one dispatch of a program costs -------------===//

#include "runtime/bundle/KernelCosts.h"

#include "runtime/mil/Reader.h"
#include "runtime/target/Check.h"

#include <map>
#include <optional>

namespace anec::rt {
namespace {

using Types = std::map<std::string, const mil::Type *>;

const mil::Type *operandType(const mil::Statement &statement, const char *name,
                             const Types &types) {
  const mil::Argument *argument = statement.findArgument(name);
  if (!argument || argument->operands.size() != 1)
    return nullptr;
  if (const auto *value = std::get_if<mil::Value>(&argument->operands[0]))
    return &value->type;
  auto found = types.find(std::get<mil::Reference>(argument->operands[0]).name);
  return found == types.end() ? nullptr : found->second;
}

std::optional<KernelProduct> productOf(const mil::Statement &statement,
                                       const Types &types) {
  bool matmul = statement.op == "matmul";
  if (!matmul && statement.op != "conv" && statement.op != "linear")
    return std::nullopt;
  const mil::Type *operand =
      operandType(statement, matmul ? "x" : "weight", types);
  if (statement.results.empty() || !operand || operand->rank() < 2)
    return std::nullopt;
  const mil::Type &result = statement.results[0].type;
  KernelProduct product;
  if (matmul) {
    if (result.rank() < 2)
      return std::nullopt;
    // x is [.., m, k], or [.., k, m] when transposed: k is what m is not. For
    // m = k both answers agree.
    product.rows = result.dims[size_t(result.rank() - 2)];
    int64_t a = operand->dims[size_t(operand->rank() - 2)];
    int64_t b = operand->dims[size_t(operand->rank() - 1)];
    product.summed = a == product.rows ? b : a;
  } else {
    product.rows = operand->dims[0];
    product.summed = operand->elementCount() / operand->dims[0];
  }
  product.columns = result.elementCount() / product.rows;
  return product;
}

uint64_t bytesOf(const mil::Type &type) {
  return uint64_t(type.elementCount()) *
         uint64_t(mil::scalarTypeBits(type.element)) / 8;
}

void addFunction(const mil::Function &function, KernelCosts &costs) {
  Types types;
  for (const mil::TypedName &parameter : function.parameters) {
    types[parameter.name] = &parameter.type;
    costs.inputBytes += bytesOf(parameter.type);
  }
  for (const mil::Statement &statement : function.statements) {
    for (const mil::TypedName &result : statement.results)
      types[result.name] = &result.type;
    if (statement.op == "const")
      continue;
    ++costs.ops;
    costs.layoutOps += target::isDataMovement(statement.op);
    if (auto product = productOf(statement, types))
      costs.products.push_back(*product);
  }
  for (const mil::Reference &output : function.outputs)
    if (auto found = types.find(output.name); found != types.end())
      costs.outputBytes += bytesOf(*found->second);
}

int64_t elements(const std::vector<int64_t> &shape) {
  int64_t result = 1;
  for (int64_t size : shape)
    result *= size;
  return result;
}

} // namespace

double KernelCosts::flops() const {
  double total = 0;
  for (const KernelProduct &product : products)
    total += product.flops();
  return total;
}

Result<KernelCosts> kernelCosts(const std::string &text,
                                const std::string &name) {
  ANEC_ASSIGN(mil::Program program, mil::read(text, name));
  KernelCosts costs;
  for (const mil::Function &function : program.functions)
    addFunction(function, costs);
  return costs;
}

double hostFlops(const std::string &op, const std::vector<int64_t> &x,
                 const std::vector<int64_t> &weight) {
  if (op != "linear" && op != "matmul")
    return 0;
  // Two activations: a sum over tokens. Else every token meets every weight.
  if (weight.size() == 3)
    return 2.0 * double(elements(x)) * double(weight.back());
  return 2.0 * double(elements(weight)) * double(x[0] * x[1]);
}

} // namespace anec::rt
