//===- CheckSizes.cpp - Sizes, resources, and what nobody has run ---------===//

#include "runtime/target/CheckContext.h"
#include "runtime/target/Products.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace anec::rt::target {

namespace {

bool above(const CheckContext &context, Rule rule, int64_t found) {
  return context.profile.checks(rule) && found > context.profile.limit(rule);
}

bool isConstantOp(const std::string &op) {
  return op == "const" || op.rfind("constexpr_", 0) == 0;
}

/// What the check of products has said about a dimension already.
bool isTooLargeProduct(const CheckContext &context,
                       const mil::Statement &statement) {
  const mil::Type *weight = context.operandType(statement, "weight");
  return (statement.op == "conv" && weight && weight->rank() == 4 &&
          above(context, Rule::Dim16384, weight->dims[1])) ||
         above(context, Rule::Dim16384, productOf(context, statement).summed);
}

void checkResult(CheckContext &context, const mil::Statement &statement) {
  // A constant is checked where it is used.
  if (isConstantOp(statement.op))
    return;
  for (const mil::TypedName &result : statement.results) {
    if (above(context, Rule::IoRankAlt, result.type.rank()))
      context.at(Rule::IoRankAlt, statement, "", result.type.rank());
    if (result.type.isTensorLike() &&
        result.type.element == mil::ScalarType::FP32 &&
        statement.op != "cast" && !isDataMovement(statement.op))
      context.at(Rule::NumFp16, statement, "fp32");
    if (isTooLargeProduct(context, statement))
      continue;
    for (int64_t dim : result.type.dims)
      if (above(context, Rule::Dim16384, dim)) {
        context.at(Rule::Dim16384, statement,
                   fmt::format("has a dimension of {}", dim));
        return;
      }
  }
}

/// Bytes of the data in files, each entry once.
int64_t constantBytes(const mil::Function &function) {
  std::set<std::pair<std::string, uint64_t>> entries;
  int64_t bytes = 0;
  for (const mil::Statement &statement : function.statements)
    for (const mil::Attribute &attribute : statement.attributes)
      if (const mil::BlobFile *blob = attribute.value.blob())
        if (entries.insert({blob->path, blob->offset}).second &&
            attribute.value.type.elementCount() > 0)
          bytes += attribute.value.type.elementCount() *
                   mil::scalarTypeBits(attribute.value.type.element) / 8;
  return bytes;
}

void checkProgram(CheckContext &context) {
  bool computes = false;
  int64_t convolutions = 0;
  for (const mil::Statement &statement : context.function.statements) {
    computes |= !isConstantOp(statement.op) && !isDataMovement(statement.op);
    convolutions += statement.op == "conv";
  }
  if (!computes)
    context.atFunction(Rule::OpReshapeTranspose);
  if (above(context, Rule::Depth512, convolutions))
    context.atFunction(Rule::Depth512, "", convolutions);
  const int64_t bytes = constantBytes(context.function);
  for (Rule rule : {Rule::WeightsPerProgram, Rule::WeightsH14})
    if (above(context, rule, bytes))
      context.atFunction(rule, "", bytes);
}

void checkInput(CheckContext &context, const mil::TypedName &input) {
  int64_t slices = 0;
  // A reshape of the input is the input.
  std::set<std::string> names = {input.name};
  for (const mil::Statement &statement : context.function.statements) {
    const std::string *x = context.reference(statement, "x");
    if (!x || !names.count(*x))
      continue;
    slices += statement.op.rfind("slice_by_", 0) == 0;
    if (statement.op == "reshape" && !statement.results.empty())
      names.insert(statement.results.front().name);
  }
  if (above(context, Rule::ProvenSlices, slices))
    context.atValue(Rule::ProvenSlices, input.name, input.location, input.name,
                    slices);
  const mil::Type &type = input.type;
  if (!type.isTensorLike() || type.rank() == 0)
    return;
  const int64_t bytes =
      type.elementCount() * mil::scalarTypeBits(type.element) / 8;
  if (above(context, Rule::ProvenInputBytes, bytes))
    context.atValue(Rule::ProvenInputBytes, input.name, input.location, "",
                    bytes);
  if (above(context, Rule::ProvenInputColumns, type.dims.back()))
    context.atValue(Rule::ProvenInputColumns, input.name, input.location, "",
                    type.dims.back());
}

} // namespace

void checkSizes(CheckContext &context) {
  for (const mil::TypedName &input : context.function.parameters)
    if (above(context, Rule::IoRankAlt, input.type.rank()))
      context.atValue(Rule::IoRankAlt, input.name, input.location, "",
                      input.type.rank());
  for (const mil::Statement &statement : context.function.statements)
    checkResult(context, statement);
  checkProgram(context);
}

void checkProvenSizes(CheckContext &context) {
  for (const mil::TypedName &input : context.function.parameters)
    checkInput(context, input);
  bool attends = false;
  int64_t products = 0;
  for (const mil::Statement &statement : context.function.statements) {
    attends |= statement.op == "softmax";
    products += statement.op == "matmul" || statement.op == "conv" ||
                statement.op == "linear";
    const ProductSizes product = productOf(context, statement);
    if (above(context, Rule::ProvenMatmulSize,
              std::max({product.rows, product.summed, product.columns})))
      context.at(Rule::ProvenMatmulSize, statement,
                 fmt::format("[{}, {}] x [{}, {}]", product.rows,
                             product.summed, product.summed, product.columns));
  }
  if (attends && above(context, Rule::ProvenLayer, products))
    context.atFunction(Rule::ProvenLayer, "", products);
}

} // namespace anec::rt::target
