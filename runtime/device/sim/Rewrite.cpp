//===- Rewrite.cpp - A program as the device understands it ---------------===//
//
// A result that the device changes is computed under another name first, and
// the name that the program uses is given to what comes of it.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/sim/Rewrite.h"

#include "runtime/mil/Builder.h"

#include <map>

namespace anec::rt::sim {
namespace {

using mil::Statement;

class Rewriter {
public:
  Rewriter(mil::Function &function, const RuntimeRules &rules)
      : function(function), rules(rules) {}

  bool run() {
    for (const mil::TypedName &parameter : function.parameters)
      types[parameter.name] = parameter.type;
    for (Statement &statement : function.statements)
      rewrite(statement);
    if (changed)
      function.statements = std::move(statements);
    return changed;
  }

private:
  void rewrite(Statement &statement) {
    const mil::Attribute *value = statement.findAttribute("val");
    if (statement.op == "const" && value && statement.results.size() == 1)
      constants[statement.results.front().name] = value->value;
    for (const mil::TypedName &result : statement.results)
      types[result.name] = result.type;
    if (statement.op == "scaled_dot_product_attention")
      changed |= removeArgument(statement, "attn_mask");
    std::vector<double> factors;
    if (rules.widthSliceScale != 1 && slicesWidth(statement))
      factors = {rules.widthSliceScale, 1 / rules.widthSliceScale};
    else if (rules.contractionMultiple > 1 && contractsBadly(statement))
      factors = {0};
    if (factors.empty() || statement.results.size() != 1)
      statements.push_back(std::move(statement));
    else
      multiply(std::move(statement), factors);
  }

  static bool removeArgument(Statement &statement, std::string_view name) {
    for (size_t i = 0; i < statement.arguments.size(); ++i)
      if (statement.arguments[i].name == name) {
        statement.arguments.erase(statement.arguments.begin() +
                                  static_cast<int64_t>(i));
        return true;
      }
    return false;
  }

  /// The constant elements of a parameter, named or literal; null otherwise.
  const mil::Value *constant(const Statement &statement,
                             std::string_view parameter) const {
    const mil::Argument *argument = statement.findArgument(parameter);
    if (!argument || argument->operands.size() != 1)
      return nullptr;
    if (const auto *value = std::get_if<mil::Value>(&argument->operands[0]))
      return value;
    auto found =
        constants.find(std::get<mil::Reference>(argument->operands[0]).name);
    return found == constants.end() ? nullptr : &found->second;
  }

  bool slicesWidth(const Statement &statement) const {
    if (statement.op != "slice_by_size" && statement.op != "slice_by_index")
      return false;
    const mil::Value *begin = constant(statement, "begin");
    return begin && begin->integers() && !begin->integers()->empty() &&
           begin->integers()->back() != 0;
  }

  bool contractsBadly(const Statement &statement) const {
    if (statement.op != "matmul")
      return false;
    const mil::Argument *x = statement.findArgument("x");
    const auto *use =
        x ? std::get_if<mil::Reference>(&x->operands.front()) : nullptr;
    auto type = types.find(use ? use->name : "");
    if (type == types.end() || type->second.rank() < 2)
      return false;
    const mil::Value *transposed = constant(statement, "transpose_x");
    const bool isTransposed = transposed && transposed->integers() &&
                              transposed->integers()->front() != 0;
    const mil::Type &matrix = type->second;
    const auto axis = static_cast<size_t>(matrix.rank() - 1 - isTransposed);
    return matrix.dims[axis] % rules.contractionMultiple != 0;
  }

  /// `statement`, and its result times each factor.
  void multiply(Statement statement, const std::vector<double> &factors) {
    const mil::TypedName last = statement.results.front();
    std::string name = last.name + "_device";
    statement.results.front().name = name;
    statements.push_back(std::move(statement));
    for (size_t i = 0; i < factors.size(); ++i) {
      const std::string next =
          i + 1 == factors.size() ? last.name : name + "_scaled";
      mil::Argument factor;
      factor.name = "y";
      factor.operands.emplace_back(mil::makeFP16(factors[i]));
      statements.push_back(mil::makeOp(last.type, next, "mul",
                                       {mil::makeArgument("x", name), factor}));
      name = next;
    }
    changed = true;
  }

  mil::Function &function;
  const RuntimeRules &rules;
  std::map<std::string, mil::Value> constants;
  std::map<std::string, mil::Type> types;
  std::vector<Statement> statements;
  bool changed = false;
};

} // namespace

bool rewriteAsExecuted(mil::Program &program, const RuntimeRules &rules) {
  bool changed = false;
  for (mil::Function &function : program.functions)
    changed |= Rewriter(function, rules).run();
  return changed;
}

} // namespace anec::rt::sim
