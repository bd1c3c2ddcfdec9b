//===- SliceOps.cpp - Type rules of slices --------------------------------===//
//
// Ranges as in NumPy: negative indices count from the end, bounds are cut.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;
using Dims = std::vector<int64_t>;

Types sliced(const Type &x, const std::vector<SliceRange> &ranges) {
  Dims dims;
  for (const SliceRange &range : ranges)
    if (!range.squeezed)
      dims.push_back(range.count);
  return single(x.element, dims);
}

Types inferSliceByIndex(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(std::vector<SliceRange> ranges, indexRanges(operands, x.dims));
  return sliced(x, ranges);
}

Types inferSliceBySize(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(std::vector<SliceRange> ranges, sizeRanges(operands, x.dims));
  return sliced(x, ranges);
}

/// x[begin:end:stride] of one dimension; missing bounds are empty.
SliceRange pythonRange(std::optional<int64_t> begin, std::optional<int64_t> end,
                       int64_t stride, int64_t size) {
  int64_t lowest = stride > 0 ? 0 : -1;
  int64_t highest = stride > 0 ? size : size - 1;
  auto place = [&](int64_t index) {
    return std::clamp(index < 0 ? index + size : index, lowest, highest);
  };
  int64_t first = begin ? place(*begin) : (stride > 0 ? lowest : highest);
  int64_t last = end ? place(*end) : (stride > 0 ? highest : lowest);
  int64_t distance = stride > 0 ? last - first : first - last;
  int64_t step = stride > 0 ? stride : -stride;
  int64_t count = distance > 0 ? (distance + step - 1) / step : 0;
  return {count > 0 ? first : 0, count, stride, false};
}

std::optional<Error> expectSizes(const Dims &dims, const Dims &values,
                                 const char *name) {
  for (int64_t dim : dims)
    if (dim == dynamicSize)
      return makeError(ErrorCode::Unsupported,
                       "slices of unknown sizes are not supported");
  if (values.size() == dims.size())
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expected {} values as '{}', found {}", dims.size(), name,
                   values.size());
}

} // namespace

Result<std::vector<SliceRange>> indexRanges(const Operands &operands,
                                            const Dims &dims) {
  const Dims ones(dims.size(), 1);
  ANEC_ASSIGN(Dims begin, operands.integers("begin"));
  ANEC_ASSIGN(Dims end, operands.integers("end"));
  ANEC_ASSIGN(Dims stride, operands.integers("stride", &ones));
  ANEC_ASSIGN(std::vector<bool> beginMask,
              operands.flags("begin_mask", dims.size()));
  ANEC_ASSIGN(std::vector<bool> endMask,
              operands.flags("end_mask", dims.size()));
  ANEC_ASSIGN(std::vector<bool> squeezeMask,
              operands.flags("squeeze_mask", dims.size()));
  ANEC_TRY(expectSizes(dims, begin, "begin"));
  ANEC_TRY(expectSizes(dims, end, "end"));
  ANEC_TRY(expectSizes(dims, stride, "stride"));
  std::vector<SliceRange> ranges;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (stride[i] == 0)
      return makeError(ErrorCode::InvalidInput,
                       "expected strides other than 0");
    if (squeezeMask[i]) {
      int64_t index = beginMask[i] ? 0 : begin[i];
      ANEC_ASSIGN(index, normalizeAxis(index, dims[i]));
      ranges.push_back({index, 1, 1, true});
      continue;
    }
    std::optional<int64_t> first, last;
    if (!beginMask[i])
      first = begin[i];
    if (!endMask[i])
      last = end[i];
    ranges.push_back(pythonRange(first, last, stride[i], dims[i]));
  }
  return ranges;
}

Result<std::vector<SliceRange>> sizeRanges(const Operands &operands,
                                           const Dims &dims) {
  ANEC_ASSIGN(Dims begin, operands.integers("begin"));
  ANEC_ASSIGN(Dims size, operands.integers("size"));
  ANEC_TRY(expectSizes(dims, begin, "begin"));
  ANEC_TRY(expectSizes(dims, size, "size"));
  std::vector<SliceRange> ranges;
  for (size_t i = 0; i < dims.size(); ++i) {
    int64_t first = begin[i] < 0 ? begin[i] + dims[i] : begin[i];
    int64_t count = size[i] == -1 ? dims[i] - first : size[i];
    if (first < 0 || first > dims[i] || count < 0 || count > dims[i] - first)
      return makeError(ErrorCode::InvalidInput,
                       "expected a slice inside dimension {} of size {}, found "
                       "begin {} and size {}",
                       i, dims[i], begin[i], size[i]);
    ranges.push_back({first, count, 1, false});
  }
  return ranges;
}

void addSliceOps(OpTable &table) {
  table["slice_by_index"] = {
      "x begin end stride!? begin_mask!? end_mask!? squeeze_mask!?",
      inferSliceByIndex};
  table["slice_by_size"] = {"x begin size", inferSliceBySize};
}

} // namespace anec::rt::mil
