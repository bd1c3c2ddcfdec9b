//===- LinearOps.cpp - Type rules of products and convolutions ------------===//
//
// Inner sizes agree, batch dimensions broadcast.
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

Types inferMatmul(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type y, operands.type("y"));
  ANEC_ASSIGN(bool transposeX, operands.flag("transpose_x", false));
  ANEC_ASSIGN(bool transposeY, operands.flag("transpose_y", false));
  if (x.rank() == 0 || y.rank() == 0 || (x.rank() == 1 && transposeX) ||
      (y.rank() == 1 && transposeY))
    return makeError(ErrorCode::InvalidInput,
                     "expected matrices, found shapes {} and {}",
                     dimsText(x.dims), dimsText(y.dims));
  Dims a = x.dims, b = y.dims;
  if (x.rank() == 1)
    a.insert(a.begin(), 1);
  if (y.rank() == 1)
    b.push_back(1);
  if (transposeX)
    std::swap(a[a.size() - 1], a[a.size() - 2]);
  if (transposeY)
    std::swap(b[b.size() - 1], b[b.size() - 2]);
  if (!agree(a.back(), b[b.size() - 2]))
    return makeError(ErrorCode::InvalidInput,
                     "expected equal inner sizes, found {} and {}", a.back(),
                     b[b.size() - 2]);
  int64_t rows = a[a.size() - 2], columns = b.back();
  ANEC_ASSIGN(Dims dims, broadcast(Dims(a.begin(), a.end() - 2),
                                   Dims(b.begin(), b.end() - 2)));
  if (x.rank() > 1)
    dims.push_back(rows);
  if (y.rank() > 1)
    dims.push_back(columns);
  return single(x.element, dims);
}

Types inferLinear(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type weight, operands.type("weight"));
  if (x.rank() < 1 || weight.rank() != 2 ||
      !agree(x.dims.back(), weight.dims[1]))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'weight' [out, {}], found {}",
                     x.rank() < 1 ? 1 : x.dims.back(), dimsText(weight.dims));
  if (operands.has("bias")) {
    ANEC_ASSIGN(Type bias, operands.type("bias"));
    if (bias.rank() != 1 || !agree(bias.dims[0], weight.dims[0]))
      return makeError(ErrorCode::InvalidInput,
                       "expected 'bias' [{}], found {}", weight.dims[0],
                       dimsText(bias.dims));
  }
  x.dims.back() = weight.dims[0];
  return single(x.element, x.dims);
}

/// Dilated kernels are laid out before the program runs, and so were all
/// biases before iOS 17.
std::optional<Error>
expectFixedWeights(const Operands &operands,
                   const std::vector<ConvWindow> &windows) {
  bool isDilated = false;
  for (const ConvWindow &window : windows)
    isDilated |= window.dilation != 1;
  const OperandInfo *weight = operands.find("weight");
  if (isDilated && !weight->isFixed)
    return makeError(ErrorCode::InvalidInput,
                     "expected a constant 'weight' with dilations, found the "
                     "computed value '{}'",
                     weight->name);
  const OperandInfo *bias = operands.find("bias");
  if (bias && !bias->isFixed && operands.opset() < 17)
    return makeError(ErrorCode::InvalidInput,
                     "expected a constant 'bias' before ios17, found the "
                     "computed value '{}'",
                     bias->name);
  return std::nullopt;
}

Types inferConv(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type weight, operands.type("weight"));
  ANEC_ASSIGN(int64_t groups, operands.integer("groups", 1));
  if (x.rank() < 3 || x.rank() > 5 || weight.rank() != x.rank())
    return makeError(ErrorCode::InvalidInput,
                     "expected 'x' of rank 3 to 5 and 'weight' of the same "
                     "rank, found {} and {}",
                     dimsText(x.dims), dimsText(weight.dims));
  if (groups < 1 || weight.dims[0] % groups != 0 ||
      !agree(x.dims[1], weight.dims[1] * groups))
    return makeError(ErrorCode::InvalidInput,
                     "expected {} input channels in {} groups to match the "
                     "weight {}",
                     x.dims[1], groups, dimsText(weight.dims));
  if (operands.has("bias")) {
    ANEC_ASSIGN(Type bias, operands.type("bias"));
    if (bias.rank() != 1 || !agree(bias.dims[0], weight.dims[0]))
      return makeError(ErrorCode::InvalidInput,
                       "expected 'bias' [{}], found {}", weight.dims[0],
                       dimsText(bias.dims));
  }
  ANEC_ASSIGN(std::vector<ConvWindow> windows,
              convWindows(operands, x.dims, weight.dims));
  ANEC_TRY(expectFixedWeights(operands, windows));
  Dims dims = {x.dims[0], weight.dims[0]};
  for (const ConvWindow &window : windows)
    dims.push_back(window.output);
  return single(x.element, dims);
}

Types inferAttention(const Operands &operands) {
  ANEC_ASSIGN(Type query, operands.type("query"));
  ANEC_ASSIGN(Type key, operands.type("key"));
  ANEC_ASSIGN(Type value, operands.type("value"));
  size_t rank = query.dims.size();
  bool good = rank >= 3 && key.dims.size() == rank && value.dims.size() == rank;
  for (size_t i = 0; good && i + 2 < rank; ++i)
    good = agree(query.dims[i], key.dims[i]) &&
           agree(query.dims[i], value.dims[i]);
  if (!good || !agree(query.dims[rank - 1], key.dims[rank - 1]) ||
      !agree(key.dims[rank - 2], value.dims[rank - 2]))
    return makeError(ErrorCode::InvalidInput,
                     "expected query [.., L, E], key [.., S, E] and value [.., "
                     "S, V], found {}, {} and {}",
                     dimsText(query.dims), dimsText(key.dims),
                     dimsText(value.dims));
  Dims scores = query.dims;
  scores.back() = key.dims[rank - 2];
  if (operands.has("attn_mask")) {
    ANEC_ASSIGN(Type mask, operands.type("attn_mask"));
    ANEC_ASSIGN(Dims masked, broadcast(mask.dims, scores));
    if (masked != scores)
      return makeError(ErrorCode::InvalidInput,
                       "expected 'attn_mask' to broadcast to {}, found {}",
                       dimsText(scores), dimsText(mask.dims));
  }
  query.dims.back() = value.dims.back();
  return single(query.element, query.dims);
}

} // namespace

Result<std::vector<ConvWindow>> convWindows(const Operands &operands,
                                            const Dims &x, const Dims &weight) {
  size_t spatial = x.size() - 2;
  const Dims ones(spatial, 1), zeros(2 * spatial, 0);
  ANEC_ASSIGN(Dims strides, operands.integers("strides", &ones));
  ANEC_ASSIGN(Dims dilations, operands.integers("dilations", &ones));
  ANEC_ASSIGN(Dims pad, operands.integers("pad", &zeros));
  ANEC_ASSIGN(std::string mode, operands.string("pad_type", "valid"));
  if (strides.size() != spatial || dilations.size() != spatial ||
      pad.size() != 2 * spatial)
    return makeError(ErrorCode::InvalidInput,
                     "expected {} strides and dilations and {} pads, found {}, "
                     "{} and {}",
                     spatial, 2 * spatial, strides.size(), dilations.size(),
                     pad.size());
  std::vector<ConvWindow> windows;
  for (size_t i = 0; i < spatial; ++i) {
    ConvWindow window = {weight[i + 2], strides[i], dilations[i], 0, 0, 0};
    int64_t size = x[i + 2];
    int64_t extent = (window.kernel - 1) * window.dilation + 1;
    if (window.stride < 1 || window.dilation < 1 || window.kernel < 1 ||
        size < 0 || pad[2 * i] < 0 || pad[2 * i + 1] < 0)
      return makeError(ErrorCode::InvalidInput,
                       "expected positive sizes, strides and dilations");
    if (mode == "custom") {
      window.before = pad[2 * i];
      window.after = pad[2 * i + 1];
    } else if (mode == "same" || mode == "same_lower") {
      int64_t count = (size + window.stride - 1) / window.stride;
      int64_t total =
          std::max<int64_t>(0, (count - 1) * window.stride + extent - size);
      window.before = mode == "same" ? total / 2 : total - total / 2;
      window.after = total - window.before;
    } else if (mode != "valid") {
      return makeError(ErrorCode::InvalidInput,
                       "expected 'pad_type' valid, custom, same or same_lower, "
                       "found '{}'",
                       mode);
    }
    int64_t room = size + window.before + window.after - extent;
    if (room < 0)
      return makeError(ErrorCode::InvalidInput,
                       "expected at least {} elements under the kernel, found "
                       "{}",
                       extent, room + extent);
    window.output = room / window.stride + 1;
    windows.push_back(window);
  }
  return windows;
}

void addLinearOps(OpTable &table) {
  table["matmul"] = {"x y transpose_x!? transpose_y!?", inferMatmul};
  table["linear"] = {"x weight! bias!?", inferLinear};
  table["conv"] = {
      "x weight bias? strides!? pad_type!? pad!? dilations!? groups!?",
      inferConv};
  table["scaled_dot_product_attention"] = {"query key value attn_mask?",
                                           inferAttention};
}

} // namespace anec::rt::mil
