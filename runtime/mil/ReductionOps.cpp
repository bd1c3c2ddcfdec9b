//===- ReductionOps.cpp - Type rules of reductions and normalisations -----===//
//
// Reduced axes become 1 or disappear.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;

std::vector<int64_t> reducedDims(const std::vector<int64_t> &dims,
                                 const std::vector<int64_t> &axes, bool keep) {
  std::vector<int64_t> result;
  for (size_t i = 0; i < dims.size(); ++i) {
    bool isReduced = std::find(axes.begin(), axes.end(),
                               static_cast<int64_t>(i)) != axes.end();
    if (!isReduced)
      result.push_back(dims[i]);
    else if (keep)
      result.push_back(1);
  }
  return result;
}

Types inferReduction(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(std::vector<int64_t> axes, operands.axes("axes", x.rank()));
  ANEC_ASSIGN(bool keep, operands.flag("keep_dims", false));
  return single(x.element, reducedDims(x.dims, axes, keep));
}

Types inferArgument(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), -1));
  ANEC_ASSIGN(bool keep, operands.flag("keep_dims", false));
  ANEC_ASSIGN(std::string name, operands.string("output_dtype", "int32"));
  ScalarType element;
  if (!parseScalarType(name, element) || !isInteger(element))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'output_dtype' int32 or uint16, found '{}'",
                     name);
  return single(element, reducedDims(x.dims, {axis}, keep));
}

Types inferSoftmax(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), -1));
  (void)axis;
  return single(x.element, x.dims);
}

Types inferCumulativeSum(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.integer("axis", 0));
  if (axis < -1 || axis >= x.rank() || x.rank() == 0)
    return makeError(ErrorCode::InvalidInput,
                     "expected 'axis' from -1 to {}, found {}", x.rank() - 1,
                     axis);
  return single(x.element, x.dims);
}

Types inferLayerNorm(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(std::vector<int64_t> axes, operands.axes("axes", x.rank()));
  std::vector<int64_t> normalised;
  for (int64_t axis : axes)
    normalised.push_back(x.dims[static_cast<size_t>(axis)]);
  for (const char *name : {"gamma", "beta"}) {
    if (!operands.has(name))
      continue;
    ANEC_ASSIGN(Type type, operands.type(name));
    if (type.dims != normalised)
      return makeError(ErrorCode::InvalidInput,
                       "expected '{}' of shape {}, found {}", name,
                       dimsText(normalised), dimsText(type.dims));
  }
  return single(x.element, x.dims);
}

Types inferTopK(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), -1));
  ANEC_ASSIGN(int64_t k, operands.integer("k", 1));
  int64_t &size = x.dims[static_cast<size_t>(axis)];
  const bool takesAll = k == -1 && operands.opset() >= 17;
  if (!takesAll && (k < 1 || (size != dynamicSize && k > size)))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'k' from 1 to {}{}, found {}", size,
                     operands.opset() >= 17 ? " or -1" : "", k);
  if (k != -1)
    size = k;
  ANEC_ASSIGN(std::string name,
              operands.string("output_indices_dtype", "int32"));
  ScalarType element;
  if (!parseScalarType(name, element) || !isInteger(element))
    return makeError(ErrorCode::InvalidInput,
                     "expected an integer type as 'output_indices_dtype', "
                     "found '{}'",
                     name);
  ANEC_ASSIGN(bool withIndices, operands.flag("return_indices", true));
  std::vector<Type> types = single(x.element, x.dims);
  if (withIndices)
    types.push_back(Type::tensor(element, x.dims));
  return types;
}

} // namespace

void addReductionOps(OpTable &table) {
  for (const char *name :
       {"reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod",
        "reduce_sum_square", "reduce_l1_norm", "reduce_l2_norm",
        "reduce_log_sum", "reduce_log_sum_exp"})
    table[name] = {"x axes!? keep_dims!?", inferReduction};
  for (const char *name : {"reduce_argmax", "reduce_argmin"})
    table[name] = {"x axis!? keep_dims!? output_dtype!?", inferArgument};
  table["softmax"] = {"x axis!?", inferSoftmax};
  table["cumsum"] = {"x axis!? exclusive!? reverse!?", inferCumulativeSum};
  table["layer_norm"] = {"x axes!? gamma!? beta!? epsilon!?", inferLayerNorm};
  table["topk"] = {
      "x k!? axis!? ascending!? sort!? return_indices!? output_indices_dtype!?",
      inferTopK};
}

} // namespace anec::rt::mil
