//===- CheckProducts.cpp - Matrix products and convolutions ---------------===//

#include "runtime/target/CheckContext.h"
#include "runtime/target/Products.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace anec::rt::target {

namespace {

class ProductChecker {
public:
  ProductChecker(CheckContext &context, const mil::Statement &statement)
      : context(context), profile(context.profile), statement(statement) {}

  void checkMatmul() {
    const std::string *x = context.reference(statement, "x");
    const std::string *y = context.reference(statement, "y");
    for (const std::string *name : {x, y})
      if (name && context.isConstant(*name))
        report(Rule::MatmulConstOperand, *name);
    if (x && y && context.inputIndex(*x) >= 0 && context.inputIndex(*y) >= 0 &&
        context.inputIndex(*x) > context.inputIndex(*y))
      report(Rule::MultiInWeightFirst,
             fmt::format("'{}' in a slot behind that of '{}'", *x, *y));
    for (const char *parameter : {"x", "y"}) {
      const mil::Type *type = context.operandType(statement, parameter);
      if (type && (type->rank() > 4 ||
                   (type->rank() == 4 && type->dims.front() != 1))) {
        report(Rule::MatmulForms, toString(*type));
        break;
      }
    }
    const int64_t summed = productOf(context, statement).summed;
    if (profile.checks(Rule::MatmulK32) && summed > 0 &&
        summed % profile.limit(Rule::MatmulK32) != 0)
      report(Rule::MatmulK32, "", summed);
    if (above(Rule::Dim16384, summed))
      report(Rule::Dim16384, fmt::format("sums over {} elements", summed));
  }

  void checkConvolution() {
    if (statement.findArgument("bias"))
      report(Rule::ConvBias);
    const std::string *weight = context.reference(statement, "weight");
    if (weight && !context.isConstant(*weight))
      report(Rule::ConvRuntimeWeights);
    const mil::Type *x = context.operandType(statement, "x");
    if (x && x->rank() > 0 && above(Rule::BatchConvCompile, x->dims.front()))
      report(Rule::BatchConvCompile, "", x->dims.front());
    if (const mil::Type *type = context.operandType(statement, "weight"))
      checkWeight(*type);
    checkStrides();
  }

private:
  void checkWeight(const mil::Type &type) {
    if (type.rank() != 4)
      return;
    if (above(Rule::Dim16384, type.dims[1]))
      report(Rule::Dim16384,
             fmt::format("convolves {} input channels", type.dims[1]));
    if (above(Rule::Conv32000, type.dims[1]))
      report(Rule::Conv32000, "", type.dims[1]);
    if (above(Rule::ConvKernelHeight, type.dims[2]))
      report(Rule::ConvKernelHeight, "", type.dims[2]);
    if (above(Rule::ConvKernel, type.dims[3]))
      report(Rule::ConvKernel, "", type.dims[3]);
  }

  void checkStrides() {
    const std::array<int64_t, 5> known = {1, 2, 3, 4, 8};
    const mil::Value *strides = context.constant(statement, "strides");
    if (!strides || !strides->integers())
      return;
    for (int64_t stride : *strides->integers())
      if (std::find(known.begin(), known.end(), stride) == known.end())
        return report(Rule::ConvStrides, "", stride);
  }

  bool above(Rule rule, int64_t found) const {
    return profile.checks(rule) && found > profile.limit(rule);
  }

  void report(Rule rule, const std::string &what = "", int64_t found = 0) {
    context.at(rule, statement, what, found);
  }

  CheckContext &context;
  const Profile &profile;
  const mil::Statement &statement;
};

} // namespace

ProductSizes productOf(const CheckContext &context,
                       const mil::Statement &statement) {
  ProductSizes product;
  const mil::Type *x = context.operandType(statement, "x");
  if (statement.op != "matmul" || statement.results.empty() || !x ||
      x->rank() < 2)
    return product;
  const mil::Type &result = statement.results.front().type;
  const int64_t rank = x->rank();
  product.summed =
      x->dims[size_t(rank - (context.flag(statement, "transpose_x") ? 2 : 1))];
  if (result.rank() >= 2) {
    product.rows = result.dims[size_t(result.rank() - 2)];
    product.columns = result.dims[size_t(result.rank() - 1)];
  }
  return product;
}

void checkProductForms(CheckContext &context) {
  for (const mil::Statement &statement : context.function.statements) {
    ProductChecker checker(context, statement);
    if (statement.op == "matmul")
      checker.checkMatmul();
    else if (statement.op == "conv")
      checker.checkConvolution();
  }
}

} // namespace anec::rt::target
