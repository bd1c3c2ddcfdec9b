//===- ElementwiseOps.cpp - Type rules of element-wise operators ----------===//
//
// Shapes broadcast; element types of both sides are equal.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;

std::optional<Error> expectSameElement(const Type &x, const Type &y) {
  if (x.element == y.element)
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expected equal element types, found {} and {}",
                   scalarTypeName(x.element), scalarTypeName(y.element));
}

Types inferBinary(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type y, operands.type("y"));
  ANEC_TRY(expectSameElement(x, y));
  if (!isFloat(x.element) && !isInteger(x.element))
    return makeError(ErrorCode::InvalidInput, "expected numbers, found {}",
                     scalarTypeName(x.element));
  ANEC_ASSIGN(std::vector<int64_t> dims, broadcast(x.dims, y.dims));
  return single(x.element, dims);
}

Types inferComparison(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type y, operands.type("y"));
  ANEC_TRY(expectSameElement(x, y));
  ANEC_ASSIGN(std::vector<int64_t> dims, broadcast(x.dims, y.dims));
  return single(ScalarType::Bool, dims);
}

std::optional<Error> expectBool(const Type &type) {
  if (type.element == ScalarType::Bool)
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput, "expected bool, found {}",
                   scalarTypeName(type.element));
}

Types inferLogical(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_TRY(expectBool(x));
  return inferComparison(operands);
}

Types inferNot(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_TRY(expectBool(x));
  return single(x.element, x.dims);
}

Types inferUnary(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  if (!isFloat(x.element) && !isInteger(x.element))
    return makeError(ErrorCode::InvalidInput, "expected numbers, found {}",
                     scalarTypeName(x.element));
  return single(x.element, x.dims);
}

Types inferClip(const Operands &operands) {
  ANEC_ASSIGN(double alpha, operands.number("alpha"));
  ANEC_ASSIGN(double beta, operands.number("beta"));
  const bool isStrict = operands.opset() >= 17;
  if (isStrict ? !(alpha < beta) : !(alpha <= beta))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'alpha' to be {} 'beta', found {} and {}",
                     isStrict ? "less than" : "at most", alpha, beta);
  return inferUnary(operands);
}

bool isCastTarget(ScalarType type) {
  switch (type) {
  case ScalarType::FP16:
  case ScalarType::FP32:
  case ScalarType::Int8:
  case ScalarType::Int16:
  case ScalarType::Int32:
  case ScalarType::UInt8:
  case ScalarType::UInt16:
  case ScalarType::Bool:
    return true;
  default:
    return false;
  }
}

Types inferCast(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(std::string name, operands.string("dtype"));
  ScalarType element;
  if (!parseScalarType(name, element) || !isCastTarget(element))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'dtype' fp16, fp32, int8, int16, int32, uint8, "
                     "uint16 or bool, found '{}'",
                     name);
  return single(element, x.dims);
}

Types inferSelect(const Operands &operands) {
  ANEC_ASSIGN(Type cond, operands.type("cond"));
  ANEC_ASSIGN(Type a, operands.type("a"));
  ANEC_ASSIGN(Type b, operands.type("b"));
  ANEC_TRY(expectBool(cond));
  ANEC_TRY(expectSameElement(a, b));
  ANEC_ASSIGN(std::vector<int64_t> dims, broadcast(a.dims, b.dims));
  ANEC_ASSIGN(dims, broadcast(cond.dims, dims));
  return single(a.element, dims);
}

} // namespace

void addElementwiseOps(OpTable &table) {
  for (const char *name : {"add", "sub", "mul", "real_div", "floor_div", "mod",
                           "pow", "maximum", "minimum"})
    table[name] = {"x y", inferBinary};
  for (const char *name :
       {"equal", "not_equal", "greater", "greater_equal", "less", "less_equal"})
    table[name] = {"x y", inferComparison};
  for (const char *name : {"logical_and", "logical_or", "logical_xor"})
    table[name] = {"x y", inferLogical};
  table["logical_not"] = {"x", inferNot};
  for (const char *name :
       {"exp",   "exp2",  "sqrt", "square",  "abs",      "sign",    "ceil",
        "floor", "round", "sin",  "cos",     "tan",      "tanh",    "erf",
        "relu",  "relu6", "silu", "sigmoid", "softplus", "softsign"})
    table[name] = {"x", inferUnary};
  for (const char *name : {"log", "rsqrt", "inverse"})
    table[name] = {"x epsilon!?", inferUnary};
  table["gelu"] = {"x mode!?", inferUnary};
  for (const char *name :
       {"leaky_relu", "elu", "threshold", "thresholded_relu"})
    table[name] = {"x alpha!", inferUnary};
  for (const char *name : {"linear_activation", "sigmoid_hard", "scaled_tanh"})
    table[name] = {"x alpha! beta!", inferUnary};
  table["clip"] = {"x alpha! beta!", inferClip};
  table["cast"] = {"x dtype!", inferCast};
  table["select"] = {"cond a b", inferSelect};
}

} // namespace anec::rt::mil
