//===- ResampleOps.cpp - Type rules of image resizing ---------------------===//
//
// The last two dimensions are height and width.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <cmath>

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;

std::optional<Error> expectImages(const Type &x) {
  if (x.rank() >= 3)
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expected 'x' of rank 3 or more, found {}",
                   dimsText(x.dims));
}

Types inferUpsample(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_TRY(expectImages(x));
  size_t place = x.dims.size() - 2;
  for (const char *name : {"scale_factor_height", "scale_factor_width"}) {
    ANEC_ASSIGN(double scale, operands.number(name, 1));
    int64_t &size = x.dims[place++];
    const double scaled = std::floor(static_cast<double>(size) * scale);
    if (!(scale > 0) || (size != dynamicSize && !(scaled < 0x1p31)))
      return makeError(ErrorCode::InvalidInput,
                       "expected a positive '{}' that leads to a size below "
                       "2^31, found {}",
                       name, scale);
    if (size != dynamicSize)
      size = static_cast<int64_t>(scaled);
  }
  return single(x.element, x.dims);
}

Types inferResizeBilinear(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_TRY(expectImages(x));
  ANEC_ASSIGN(int64_t height, operands.integer("target_size_height", 1));
  ANEC_ASSIGN(int64_t width, operands.integer("target_size_width", 1));
  if (height < 1 || width < 1 || height >= int64_t(1) << 31 ||
      width >= int64_t(1) << 31)
    return makeError(ErrorCode::InvalidInput,
                     "expected positive target sizes below 2^31, found {} and "
                     "{}",
                     height, width);
  x.dims[x.dims.size() - 2] = height;
  x.dims[x.dims.size() - 1] = width;
  return single(x.element, x.dims);
}

} // namespace

void addResampleOps(OpTable &table) {
  table["upsample_nearest_neighbor"] = {
      "x scale_factor_height!? scale_factor_width!?", inferUpsample};
  table["upsample_bilinear"] = {"x scale_factor_height!? scale_factor_width!? "
                                "align_corners!? half_pixel_centers!?",
                                inferUpsample};
  table["resize_bilinear"] = {
      "x target_size_height!? target_size_width!? sampling_mode!?",
      inferResizeBilinear};
}

} // namespace anec::rt::mil
