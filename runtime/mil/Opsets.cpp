//===- Opsets.cpp - Since when operators exist ----------------------------===//
//
// What is not listed exists since iOS 15.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

namespace anec::rt::mil {

namespace {

/// Without a parameter: the operator itself; without an operator: the
/// parameter of every operator.
struct Since {
  std::string_view op, parameter;
  int version;
};

constexpr Since rows[] = {
    {"constexpr_affine_dequantize", "", 16},
    {"constexpr_cast", "", 16},
    {"constexpr_lut_to_dense", "", 16},
    {"constexpr_sparse_to_dense", "", 16},
    {"reshape_like", "", 16},
    {"gather", "batch_dims", 16},
    {"gather_nd", "batch_dims", 16},
    {"topk", "sort", 16},
    {"topk", "return_indices", 16},
    {"upsample_bilinear", "half_pixel_centers", 16},
    {"quantize", "", 17},
    {"dequantize", "", 17},
    {"", "validate_indices", 17},
    {"reduce_argmax", "output_dtype", 17},
    {"reduce_argmin", "output_dtype", 17},
    {"topk", "output_indices_dtype", 17},
    {"constexpr_blockwise_shift_scale", "", 18},
    {"constexpr_lut_to_dense", "vector_axis", 18},
    {"scaled_dot_product_attention", "", 18},
    {"slice_update", "", 18},
};

} // namespace

int firstOpset(std::string_view op, std::string_view parameter) {
  for (const Since &row : rows)
    if ((row.op == op || row.op.empty()) && row.parameter == parameter)
      return row.version;
  return 15;
}

} // namespace anec::rt::mil
