//===- TransposedConvOps.cpp - Type rules of conv_transpose ---------------===//
//
// The gradient of conv with respect to its input.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;
using Dims = std::vector<int64_t>;

Types inferConvTranspose(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type weight, operands.type("weight"));
  ANEC_ASSIGN(int64_t groups, operands.integer("groups", 1));
  if (x.rank() < 3 || x.rank() > 5 || weight.rank() != x.rank())
    return makeError(ErrorCode::InvalidInput,
                     "expected 'x' of rank 3 to 5 and 'weight' of the same "
                     "rank, found {} and {}",
                     dimsText(x.dims), dimsText(weight.dims));
  if (groups < 1 || weight.dims[0] % groups != 0 || x.dims[1] != weight.dims[0])
    return makeError(ErrorCode::InvalidInput,
                     "expected {} input channels in {} groups to match the "
                     "weight {}",
                     x.dims[1], groups, dimsText(weight.dims));
  const int64_t channels = weight.dims[1] * groups;
  if (operands.has("bias")) {
    ANEC_ASSIGN(Type bias, operands.type("bias"));
    if (!sameType(bias, Type::tensor(bias.element, {channels})))
      return makeError(ErrorCode::InvalidInput,
                       "expected 'bias' [{}], found {}", channels,
                       dimsText(bias.dims));
  }
  ANEC_ASSIGN(std::vector<ConvWindow> windows,
              transposedWindows(operands, x.dims, weight.dims));
  Dims dims = {x.dims[0], channels};
  for (const ConvWindow &window : windows)
    dims.push_back(window.output);
  if (operands.has("output_shape")) {
    ANEC_ASSIGN(Dims written, operands.integers("output_shape"));
    if (written != dims)
      return makeError(ErrorCode::InvalidInput,
                       "expected 'output_shape' {}, found {}", dimsText(dims),
                       dimsText(written));
  }
  return single(x.element, dims);
}

/// Sizes in 'output_shape' for the spatial dimensions; empty when missing.
Result<Dims> writtenSizes(const Operands &operands, size_t spatial) {
  const Dims none;
  ANEC_ASSIGN(Dims sizes, operands.integers("output_shape", &none));
  if (sizes.empty())
    return sizes;
  if (sizes.size() != spatial + 2 ||
      *std::min_element(sizes.begin(), sizes.end()) < 1)
    return makeError(ErrorCode::InvalidInput,
                     "expected {} positive sizes as 'output_shape', found {}",
                     spatial + 2, dimsText(sizes));
  sizes.erase(sizes.begin(), sizes.begin() + 2);
  return sizes;
}

} // namespace

Result<std::vector<ConvWindow>>
transposedWindows(const Operands &operands, const Dims &x, const Dims &weight) {
  const size_t spatial = x.size() - 2;
  const Dims ones(spatial, 1), zeros(2 * spatial, 0);
  ANEC_ASSIGN(Dims strides, operands.integers("strides", &ones));
  ANEC_ASSIGN(Dims dilations, operands.integers("dilations", &ones));
  ANEC_ASSIGN(Dims pad, operands.integers("pad", &zeros));
  ANEC_ASSIGN(std::string mode, operands.string("pad_type", "valid"));
  ANEC_ASSIGN(Dims written, writtenSizes(operands, spatial));
  if (strides.size() != spatial || dilations.size() != spatial ||
      pad.size() != 2 * spatial)
    return makeError(ErrorCode::InvalidInput,
                     "expected {} strides, {} dilations and {} pads, found "
                     "{}, {} and {}",
                     spatial, spatial, 2 * spatial, strides.size(),
                     dilations.size(), pad.size());
  if (mode != "valid" && mode != "custom" && mode != "same" &&
      mode != "same_lower")
    return makeError(ErrorCode::InvalidInput,
                     "expected 'pad_type' valid, custom, same or same_lower, "
                     "found '{}'",
                     mode);
  std::vector<ConvWindow> windows;
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t size = x[i + 2];
    ConvWindow window{weight[i + 2], strides[i], dilations[i], 0, 0, 0};
    if (size == dynamicSize) {
      window.output = written.empty() ? dynamicSize : written[i];
      windows.push_back(window);
      continue;
    }
    constexpr int64_t limit = int64_t(1) << 20;
    if (size < 1 || window.kernel < 1 || window.stride < 1 ||
        window.dilation < 1 || window.kernel > limit || window.stride > limit ||
        window.dilation > limit || pad[2 * i] < 0 || pad[2 * i + 1] < 0)
      return makeError(ErrorCode::InvalidInput,
                       "expected positive sizes, strides and dilations up to "
                       "{}",
                       limit);
    const int64_t full =
        (size - 1) * window.stride + (window.kernel - 1) * window.dilation + 1;
    if (mode == "custom") {
      window.before = pad[2 * i];
      window.after = pad[2 * i + 1];
    } else if (mode != "valid") {
      // What conv would have padded to make x from a result of this size.
      const int64_t output =
          written.empty() ? size * window.stride : written[i];
      const int64_t total = std::max<int64_t>(0, full - output);
      window.before = mode == "same" ? total / 2 : total - total / 2;
      window.after = full - output - window.before;
    }
    window.output =
        written.empty() ? full - window.before - window.after : written[i];
    if (window.output < 1)
      return makeError(ErrorCode::InvalidInput,
                       "expected pads that leave something of {} elements, "
                       "found {} and {}",
                       full, window.before, window.after);
    windows.push_back(window);
  }
  return windows;
}

void addTransposedConvOps(OpTable &table) {
  table["conv_transpose"] = {"x weight! bias!? pad!? output_shape!? pad_type!? "
                             "strides!? dilations!? groups!?",
                             inferConvTranspose};
}

} // namespace anec::rt::mil
