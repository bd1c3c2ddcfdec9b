//===- ConstantOps.cpp - Type rules of constants and quantisation ---------===//
//
// Constants keep their type; compressed ones have the type of their scale.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;

Types inferConst(const Operands &operands) {
  ANEC_ASSIGN(Type type, operands.type("val"));
  return std::vector<Type>{type};
}

Types inferIdentity(const Operands &operands) {
  ANEC_ASSIGN(Type type, operands.type("x"));
  return std::vector<Type>{type};
}

/// A scale or zero point is one number or one per element of `axis`.
std::optional<Error> checkScale(const Operands &operands, const Type &data,
                                const char *parameter) {
  if (!operands.has(parameter))
    return std::nullopt;
  ANEC_ASSIGN(Type scale, operands.type(parameter));
  if (scale.rank() == 0)
    return std::nullopt;
  if (scale.rank() == 1 && scale.dims[0] == 1 && !operands.has("axis"))
    return std::nullopt;
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", data.rank()));
  int64_t size = data.dims[static_cast<size_t>(axis)];
  if (scale.rank() == 1 && scale.dims[0] == size)
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expected '{}' to have {} values, found {}", parameter, size,
                   dimsText(scale.dims));
}

Types inferAffineDequantize(const Operands &operands) {
  ANEC_ASSIGN(Type data, operands.type("quantized_data"));
  ANEC_ASSIGN(Type scale, operands.type("scale"));
  ANEC_TRY(checkScale(operands, data, "scale"));
  ANEC_TRY(checkScale(operands, data, "zero_point"));
  return single(scale.element, data.dims);
}

Types inferDequantize(const Operands &operands) {
  ANEC_ASSIGN(Type data, operands.type("input"));
  ANEC_ASSIGN(Type scale, operands.type("scale"));
  ANEC_TRY(checkScale(operands, data, "scale"));
  ANEC_TRY(checkScale(operands, data, "zero_point"));
  return single(scale.element, data.dims);
}

Types inferQuantize(const Operands &operands) {
  ANEC_ASSIGN(Type data, operands.type("input"));
  ANEC_ASSIGN(Type scale, operands.type("scale"));
  ANEC_TRY(checkScale(operands, data, "scale"));
  ANEC_TRY(checkScale(operands, data, "zero_point"));
  ANEC_ASSIGN(std::string name, operands.string("output_dtype"));
  ScalarType element;
  if (!parseScalarType(name, element) ||
      (element != ScalarType::Int8 && element != ScalarType::UInt8))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'output_dtype' int8 or uint8, found '{}'", name);
  return single(element, data.dims);
}

Types inferBlockwiseShiftScale(const Operands &operands) {
  ANEC_ASSIGN(Type data, operands.type("data"));
  ANEC_ASSIGN(Type scale, operands.type("scale"));
  bool good = data.rank() == scale.rank();
  for (size_t i = 0; good && i < data.dims.size(); ++i)
    good = scale.dims[i] > 0 && data.dims[i] % scale.dims[i] == 0;
  if (!good)
    return makeError(ErrorCode::InvalidInput,
                     "expected 'scale' to divide the data {}, found {}",
                     dimsText(data.dims), dimsText(scale.dims));
  if (operands.has("offset")) {
    ANEC_ASSIGN(Type offset, operands.type("offset"));
    if (offset.dims != scale.dims)
      return makeError(ErrorCode::InvalidInput,
                       "expected 'offset' of shape {}, found {}",
                       dimsText(scale.dims), dimsText(offset.dims));
  }
  return single(scale.element, data.dims);
}

} // namespace

void addConstantOps(OpTable &table) {
  table["const"] = {"val", inferConst};
  table["identity"] = {"x", inferIdentity};
  table["constexpr_affine_dequantize"] = {
      "quantized_data! zero_point! scale! axis!?", inferAffineDequantize};
  table["constexpr_blockwise_shift_scale"] = {"data! scale! offset!?",
                                              inferBlockwiseShiftScale};
  table["quantize"] = {"input scale! zero_point!? axis!? output_dtype!",
                       inferQuantize};
  table["dequantize"] = {"input scale! zero_point!? axis!?", inferDequantize};
}

} // namespace anec::rt::mil
