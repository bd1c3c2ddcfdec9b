//===- ProgramWork.cpp - What one dispatch of a program does --------------===//

#include "runtime/target/ProgramWork.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace anec::rt::target {
namespace {

uint64_t bytesOf(const mil::Type &type) {
  if (!type.isTensorLike() || type.elementCount() < 0)
    return 0;
  return uint64_t(type.elementCount()) *
         uint64_t(mil::scalarTypeBits(type.element)) / 8;
}

/// Only the shape changes, no element moves.
bool isReshape(const std::string &op) {
  return op == "reshape" || op == "squeeze" || op == "expand_dims" ||
         op == "identity";
}

/// Reads no more of its operands than it makes.
bool isSelection(const std::string &op) {
  return op == "slice_by_size" || op == "slice_by_index" || op == "split" ||
         op == "gather";
}

class FunctionWork {
public:
  FunctionWork(const mil::Function &function, ProgramWork &work)
      : function(function), work(work) {}

  void add() {
    for (const mil::TypedName &parameter : function.parameters) {
      types[parameter.name] = &parameter.type;
      work.inputBytes += bytesOf(parameter.type);
    }
    for (const mil::Statement &statement : function.statements) {
      for (const mil::TypedName &result : statement.results)
        types[result.name] = &result.type;
      addStatement(statement);
    }
    for (const mil::Reference &output : function.outputs)
      if (auto found = types.find(output.name); found != types.end())
        work.outputBytes += bytesOf(*found->second);
  }

private:
  void addStatement(const mil::Statement &statement) {
    if (statement.op == "const" || statement.op.rfind("constexpr_", 0) == 0) {
      for (const mil::TypedName &result : statement.results)
        constants.insert(result.name);
      return;
    }
    if (auto product = productOf(statement)) {
      work.products.push_back(*product);
      return;
    }
    if (isReshape(statement.op))
      return;
    for (const mil::TypedName &result : statement.results)
      work.movedBytes += bytesOf(result.type) * (isSelection(statement.op) + 1);
    if (isSelection(statement.op))
      return;
    for (const mil::Argument &argument : statement.arguments)
      for (const mil::Operand &operand : argument.operands)
        if (!isConstant(operand))
          if (const mil::Type *type = typeOf(operand))
            work.movedBytes += bytesOf(*type);
  }

  const mil::Type *typeOf(const mil::Operand &operand) const {
    if (const auto *value = std::get_if<mil::Value>(&operand))
      return &value->type;
    auto found = types.find(std::get<mil::Reference>(operand).name);
    return found == types.end() ? nullptr : found->second;
  }

  bool isConstant(const mil::Operand &operand) const {
    const auto *use = std::get_if<mil::Reference>(&operand);
    return !use || constants.count(use->name) != 0;
  }

  /// The only operand of a parameter; null when there is none.
  static const mil::Operand *operandOf(const mil::Statement &statement,
                                       const char *name) {
    const mil::Argument *argument = statement.findArgument(name);
    return argument && argument->operands.size() == 1
               ? &argument->operands.front()
               : nullptr;
  }

  std::optional<Product> productOf(const mil::Statement &statement) const {
    bool matmul = statement.op == "matmul";
    if (!matmul && statement.op != "conv" && statement.op != "linear")
      return std::nullopt;
    const mil::Operand *x = operandOf(statement, "x");
    const mil::Operand *y = operandOf(statement, matmul ? "y" : "weight");
    const mil::Type *shape = matmul ? x ? typeOf(*x) : nullptr
                             : y    ? typeOf(*y)
                                    : nullptr;
    if (statement.results.empty() || !shape || shape->rank() < 2 ||
        shape->elementCount() <= 0)
      return std::nullopt;
    const mil::Type &result = statement.results[0].type;
    Product product;
    if (statement.op == "conv")
      product.kind = Product::Kind::Conv;
    if (matmul) {
      if (result.rank() < 2)
        return std::nullopt;
      // x is [.., m, k], or [.., k, m] when transposed: k is what m is not. For
      // m = k both answers agree.
      product.rows = result.dims[size_t(result.rank() - 2)];
      int64_t a = shape->dims[size_t(shape->rank() - 2)];
      int64_t b = shape->dims[size_t(shape->rank() - 1)];
      product.summed = a == product.rows ? b : a;
    } else {
      product.rows = shape->dims[0];
      product.summed = shape->elementCount() / shape->dims[0];
    }
    if (product.rows <= 0 || result.elementCount() < 0)
      return std::nullopt;
    product.columns = result.elementCount() / product.rows;
    product.operandBytes = bytesOf(result);
    for (const mil::Operand *operand : {x, y})
      if (const mil::Type *type = operand ? typeOf(*operand) : nullptr) {
        product.operandBytes += bytesOf(*type);
        if (isConstant(*operand))
          product.weightBytes = std::max(product.weightBytes, bytesOf(*type));
      }
    return product;
  }

  const mil::Function &function;
  ProgramWork &work;
  std::map<std::string, const mil::Type *> types;
  std::set<std::string> constants;
};

} // namespace

ProgramWork programWork(const mil::Program &program) {
  ProgramWork work;
  for (const mil::Function &function : program.functions)
    FunctionWork(function, work).add();
  return work;
}

} // namespace anec::rt::target
