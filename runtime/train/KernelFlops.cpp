//===- KernelFlops.cpp - Operations of a device program -------------------===//
//
// Each result element of a product costs two operations per element of the
// dimension that is summed.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/KernelFlops.h"

#include "runtime/mil/Reader.h"

#include <map>

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

/// Elements that are summed for one element of the result; 0 for other ops.
double summedElements(const mil::Statement &statement, const Types &types) {
  if (statement.op == "matmul") {
    // x is [.., m, k], or [.., k, m] when transposed: k is what m is not. For
    // m = k both answers agree.
    const mil::Type *x = operandType(statement, "x", types);
    const mil::Type &result = statement.results[0].type;
    if (!x || result.rank() < 2 || x->rank() < 2)
      return 0;
    int64_t m = result.dims[size_t(result.rank() - 2)];
    int64_t a = x->dims[size_t(x->rank() - 2)];
    int64_t b = x->dims[size_t(x->rank() - 1)];
    return double(a == m ? b : a);
  }
  if (statement.op != "conv" && statement.op != "linear")
    return 0;
  const mil::Type *weight = operandType(statement, "weight", types);
  if (!weight || weight->rank() < 2)
    return 0;
  return double(weight->elementCount()) / double(weight->dims[0]);
}

} // namespace

Result<double> kernelFlops(const std::string &text, const std::string &name) {
  ANEC_ASSIGN(mil::Program program, mil::read(text, name));
  double total = 0;
  for (const mil::Function &function : program.functions) {
    Types types;
    for (const mil::TypedName &parameter : function.parameters)
      types[parameter.name] = &parameter.type;
    for (const mil::Statement &statement : function.statements) {
      for (const mil::TypedName &result : statement.results)
        types[result.name] = &result.type;
      if (!statement.results.empty())
        total += 2 * summedElements(statement, types) *
                 double(statement.results[0].type.elementCount());
    }
  }
  return total;
}

} // namespace anec::rt
