//===- IndexOps.cpp - Type rules of operators with indices ----------------===//
//
// Indices are integers of any width; out of range is found at run time.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;
using Dims = std::vector<int64_t>;

bool agree(int64_t a, int64_t b) {
  return a == b || a == dynamicSize || b == dynamicSize;
}

std::optional<Error> expectIntegers(const Type &indices) {
  if (isInteger(indices.element))
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expected integers as 'indices', found {}",
                   toString(indices));
}

/// The result is like 'data'; 'updates' must be of this shape.
Types expectUpdates(const Operands &operands, const Type &data,
                    const Dims &expected) {
  ANEC_ASSIGN(Type updates, operands.type("updates"));
  ANEC_ASSIGN(std::string mode, operands.string("mode", "add"));
  static const char *const modes[] = {"update", "add", "sub", "mul",
                                      "div",    "max", "min"};
  if (std::find(std::begin(modes), std::end(modes), mode) == std::end(modes))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'mode' update, add, sub, mul, div, max or min, "
                     "found '{}'",
                     mode);
  if (!sameType(updates, Type::tensor(data.element, expected)))
    return makeError(
        ErrorCode::InvalidInput, "expected 'updates' of type {}, found {}",
        toString(Type::tensor(data.element, expected)), toString(updates));
  return single(data.element, data.dims);
}

Types inferScatter(const Operands &operands) {
  ANEC_ASSIGN(Type data, operands.type("data"));
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_TRY(expectIntegers(indices));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", data.rank(), 0));
  if (indices.rank() != 1)
    return makeError(ErrorCode::InvalidInput,
                     "expected a vector as 'indices', found {}",
                     toString(indices));
  Dims expected = data.dims;
  expected[static_cast<size_t>(axis)] = indices.dims[0];
  return expectUpdates(operands, data, expected);
}

Types inferScatterAlongAxis(const Operands &operands) {
  ANEC_ASSIGN(Type data, operands.type("data"));
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_TRY(expectIntegers(indices));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", data.rank(), 0));
  bool good = indices.rank() == data.rank();
  for (size_t i = 0; good && i < data.dims.size(); ++i)
    good =
        static_cast<int64_t>(i) == axis || agree(data.dims[i], indices.dims[i]);
  if (!good)
    return makeError(ErrorCode::InvalidInput,
                     "expected 'indices' like {} except for axis {}, found {}",
                     dimsText(data.dims), axis, dimsText(indices.dims));
  return expectUpdates(operands, data, indices.dims);
}

/// indices [B.., I.., K] into x [B.., D..]: [B.., I.., D[K..]..], where B are
/// `batch` dimensions.
Result<Dims> indexedDims(const Type &x, const Type &indices, int64_t batch) {
  ANEC_TRY(expectIntegers(indices));
  const int64_t length = indices.rank() > 0 ? indices.dims.back() : -1;
  bool good = batch >= 0 && length >= 0 && batch < indices.rank() &&
              length <= x.rank() - batch;
  for (int64_t i = 0; good && i < batch; ++i)
    good = agree(x.dims[static_cast<size_t>(i)],
                 indices.dims[static_cast<size_t>(i)]);
  if (!good)
    return makeError(ErrorCode::InvalidInput,
                     "expected 'indices' with {} equal first sizes and a last "
                     "size of at most {}, to index {}, found {}",
                     batch, std::max<int64_t>(0, x.rank() - batch),
                     dimsText(x.dims), dimsText(indices.dims));
  Dims dims(indices.dims.begin(), indices.dims.end() - 1);
  dims.insert(dims.end(), x.dims.begin() + batch + length, x.dims.end());
  return dims;
}

Types inferGatherND(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_ASSIGN(int64_t batch, operands.integer("batch_dims", 0));
  ANEC_ASSIGN(Dims dims, indexedDims(x, indices, batch));
  return single(x.element, dims);
}

Types inferScatterND(const Operands &operands) {
  ANEC_ASSIGN(Type data, operands.type("data"));
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_ASSIGN(Dims expected, indexedDims(data, indices, 0));
  return expectUpdates(operands, data, expected);
}

Types inferOneHot(const Operands &operands) {
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_TRY(expectIntegers(indices));
  ANEC_ASSIGN(int64_t size, operands.integer("one_hot_vector_size"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", indices.rank() + 1, -1));
  // Without values the result is integers.
  Type element = Type::scalar(ScalarType::Int32);
  for (const char *name : {"off_value", "on_value"})
    if (operands.has(name)) {
      ANEC_ASSIGN(element, operands.type(name));
    }
  for (const char *name : {"off_value", "on_value"}) {
    if (!operands.has(name))
      continue;
    ANEC_ASSIGN(Type type, operands.type(name));
    if (type.element != element.element || type.elementCount() != 1)
      return makeError(ErrorCode::InvalidInput,
                       "expected 'on_value' and 'off_value' to be numbers of "
                       "one type, found {} and {}",
                       toString(element), toString(type));
  }
  if (size < 1)
    return makeError(ErrorCode::InvalidInput,
                     "expected a positive 'one_hot_vector_size', found {}",
                     size);
  indices.dims.insert(indices.dims.begin() + axis, size);
  return single(element.element, indices.dims);
}

template <typename Numbers> int64_t countNonZero(const Numbers &numbers) {
  return static_cast<int64_t>(std::count_if(
      numbers.begin(), numbers.end(), [](auto number) { return number != 0; }));
}

/// Only the elements tell how many rows there are.
Types inferNonZero(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  const Value *value = operands.find("x")->constant;
  if (value && value->integers())
    return single(ScalarType::Int32,
                  {countNonZero(*value->integers()), x.rank()});
  if (value && value->floats())
    return single(ScalarType::Int32,
                  {countNonZero(*value->floats()), x.rank()});
  return makeError(ErrorCode::Unsupported,
                   "the number of rows depends on the elements of 'x', which "
                   "are not a constant in the text");
}

Types inferArgsort(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), -1));
  (void)axis;
  return single(ScalarType::Int32, x.dims);
}

Types inferBandPart(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  if (x.rank() < 2)
    return makeError(ErrorCode::InvalidInput, "expected matrices, found {}",
                     toString(x));
  return single(x.element, x.dims);
}

} // namespace

void addIndexOps(OpTable &table) {
  table["scatter"] = {"data indices updates axis!? mode!? validate_indices!?",
                      inferScatter};
  table["scatter_along_axis"] = {
      "data indices updates axis!? mode!? validate_indices!?",
      inferScatterAlongAxis};
  table["scatter_nd"] = {"data indices updates mode!? validate_indices!?",
                         inferScatterND};
  table["gather_nd"] = {"x indices batch_dims!? validate_indices!?",
                        inferGatherND};
  table["one_hot"] = {
      "indices one_hot_vector_size axis!? on_value!? off_value!?", inferOneHot};
  table["non_zero"] = {"x", inferNonZero};
  table["argsort"] = {"x axis!? ascending!?", inferArgsort};
  table["band_part"] = {"x lower!? upper!?", inferBandPart};
}

} // namespace anec::rt::mil
