//===- RearrangeOps.cpp - Type rules of rarer rearrangements --------------===//
//
// Blocks between channels and space, windows, shapes taken from elsewhere.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;
using Dims = std::vector<int64_t>;

/// [n, c, h, w] and the size of a block, named `parameter`.
Result<int64_t> blockSize(const Operands &operands, const Type &x,
                          const char *parameter) {
  ANEC_ASSIGN(int64_t size, operands.integer(parameter));
  if (x.rank() != 4 || x.elementCount() == dynamicSize || size < 1 ||
      size > (int64_t(1) << 20))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'x' of rank 4 and known sizes, and a positive "
                     "'{}', found {} and {}",
                     parameter, dimsText(x.dims), size);
  return size;
}

Types inferToSpace(const Operands &operands, const char *parameter) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t size, blockSize(operands, x, parameter));
  if (x.dims[1] % (size * size) != 0)
    return makeError(ErrorCode::InvalidInput,
                     "expected a multiple of {} channels, found {}",
                     size * size, x.dims[1]);
  return single(x.element, {x.dims[0], x.dims[1] / (size * size),
                            x.dims[2] * size, x.dims[3] * size});
}

Types inferPixelShuffle(const Operands &operands) {
  return inferToSpace(operands, "upscale_factor");
}

Types inferDepthToSpace(const Operands &operands) {
  return inferToSpace(operands, "block_size");
}

Types inferSpaceToDepth(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t size, blockSize(operands, x, "block_size"));
  if (x.dims[2] % size != 0 || x.dims[3] % size != 0)
    return makeError(ErrorCode::InvalidInput,
                     "expected height and width to be multiples of {}, found "
                     "{} and {}",
                     size, x.dims[2], x.dims[3]);
  return single(x.element, {x.dims[0], x.dims[1] * size * size,
                            x.dims[2] / size, x.dims[3] / size});
}

Types inferSlidingWindows(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank()));
  ANEC_ASSIGN(int64_t size, operands.integer("size"));
  ANEC_ASSIGN(int64_t stride, operands.integer("stride", 1));
  int64_t &length = x.dims[static_cast<size_t>(axis)];
  if (length == dynamicSize)
    return makeError(ErrorCode::Unsupported,
                     "windows over unknown sizes are not supported");
  if (size < 1 || size > length || stride < 1)
    return makeError(ErrorCode::InvalidInput,
                     "expected a 'size' from 1 to {} and a positive 'stride', "
                     "found {} and {}",
                     length, size, stride);
  length = (length - size) / stride + 1;
  x.dims.insert(x.dims.begin() + axis + 1, size);
  return single(x.element, x.dims);
}

std::optional<Error> expectCount(const Type &x, const Dims &dims) {
  const int64_t count = Type::tensor(x.element, dims).elementCount();
  if (count == x.elementCount() || count == dynamicSize ||
      x.elementCount() == dynamicSize)
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expected a shape of {} elements like {}, found {}",
                   x.elementCount(), dimsText(x.dims), dimsText(dims));
}

/// One slice of the shape of each reference, one after the other.
Types inferReshapeLike(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  const std::vector<OperandInfo> &references = operands.all("ref_tensors");
  ANEC_ASSIGN(Dims begins, operands.integerList("begins"));
  ANEC_ASSIGN(Dims ends, operands.integerList("ends"));
  ANEC_ASSIGN(Dims masks, operands.integerList("end_masks"));
  const size_t count = references.size();
  if (begins.size() != count || ends.size() != count || masks.size() != count)
    return makeError(ErrorCode::InvalidInput,
                     "expected {} 'begins', 'ends' and 'end_masks', one per "
                     "reference, found {}, {} and {}",
                     count, begins.size(), ends.size(), masks.size());
  Dims dims;
  for (size_t i = 0; i < count; ++i) {
    const Dims &shape = references[i].type.dims;
    const int64_t rank = references[i].type.rank();
    auto place = [&](int64_t index) {
      return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank);
    };
    const int64_t begin = place(begins[i]);
    const int64_t end = masks[i] != 0 ? rank : place(ends[i]);
    if (begin < end)
      dims.insert(dims.end(), shape.begin() + begin, shape.begin() + end);
  }
  ANEC_TRY(expectCount(x, dims));
  return single(x.element, dims);
}

Types inferFlatten2d(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  // The axis may be the rank: everything is in the first dimension then.
  ANEC_ASSIGN(int64_t axis, operands.integer("axis", 1));
  if (axis < -x.rank() || axis > x.rank())
    return makeError(ErrorCode::InvalidInput,
                     "expected 'axis' from {} to {}, found {}", -x.rank(),
                     x.rank(), axis);
  axis = axis < 0 ? axis + x.rank() : axis;
  Dims dims = {1, 1};
  for (int64_t i = 0; i < x.rank(); ++i) {
    int64_t &product = dims[i < axis ? 0 : 1];
    const int64_t size = x.dims[static_cast<size_t>(i)];
    product = product == dynamicSize || size == dynamicSize ? dynamicSize
                                                            : product * size;
  }
  return single(x.element, dims);
}

} // namespace

void addRearrangeOps(OpTable &table) {
  table["pixel_shuffle"] = {"x upscale_factor!", inferPixelShuffle};
  table["depth_to_space"] = {"x block_size!", inferDepthToSpace};
  table["space_to_depth"] = {"x block_size!", inferSpaceToDepth};
  table["sliding_windows"] = {"x axis! size! stride!?", inferSlidingWindows};
  table["reshape_like"] = {"x ref_tensors* begins!* ends!* end_masks!*",
                           inferReshapeLike};
  table["flatten2d"] = {"x axis!?", inferFlatten2d};
}

} // namespace anec::rt::mil
