//===- PoolOps.cpp - Type rules of pooling and rarer operators ------------===//
//
// Windows over space, products by equation, normalisation with statistics.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;
using Dims = std::vector<int64_t>;

Types inferPool(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  if (x.rank() < 3 || x.rank() > 5)
    return makeError(ErrorCode::InvalidInput,
                     "expected 'x' of rank 3 to 5, found {}", dimsText(x.dims));
  ANEC_ASSIGN(std::vector<ConvWindow> windows, poolWindows(operands, x.dims));
  for (size_t i = 0; i < windows.size(); ++i)
    x.dims[i + 2] = windows[i].output;
  return single(x.element, x.dims);
}

Types inferBatchNorm(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  for (const char *name : {"mean", "variance", "gamma", "beta"}) {
    if (!operands.has(name))
      continue;
    ANEC_ASSIGN(Type type, operands.type(name));
    if (x.rank() < 2 || type.rank() != 1 || type.dims[0] != x.dims[1])
      return makeError(ErrorCode::InvalidInput,
                       "expected '{}' with one value per channel of {}, found "
                       "{}",
                       name, dimsText(x.dims), dimsText(type.dims));
  }
  return single(x.element, x.dims);
}

/// True when `equation` is `pattern` with other letters.
bool isRenamed(const std::string &equation, std::string_view pattern) {
  std::map<char, char> letters;
  std::set<char> taken;
  size_t place = 0;
  for (char letter : equation) {
    if (letter == ' ')
      continue;
    if (place == pattern.size())
      return false;
    const char expected = pattern[place++];
    const bool isLetter = std::isalpha(static_cast<unsigned char>(letter)) != 0;
    if (!std::isalpha(static_cast<unsigned char>(expected)) || !isLetter) {
      if (letter != expected)
        return false;
      continue;
    }
    auto [known, isNew] = letters.emplace(expected, letter);
    if (known->second != letter || (isNew && !taken.insert(letter).second))
      return false;
  }
  return place == pattern.size();
}

/// The last dimension of the first operand is summed with the third last of
/// the second; the one before, and the batch of rank 4, broadcast.
Types inferEinsum(const Operands &operands) {
  const std::vector<OperandInfo> &values = operands.all("values");
  ANEC_ASSIGN(std::string equation, operands.string("equation"));
  const size_t rank = values.front().type.dims.size();
  if (values.size() != 2 || values[1].type.dims.size() != rank ||
      !isRenamed(equation, rank == 3 ? "chw,whr->chr" : "nchw,nwhu->nchu"))
    return makeError(ErrorCode::InvalidInput,
                     "expected two values of rank 3 or 4 with the equation "
                     "chw,whr->chr or nchw,nwhu->nchu up to other letters, "
                     "found {} values and '{}'",
                     values.size(), equation);
  const Dims &a = values[0].type.dims, &b = values[1].type.dims;
  ANEC_ASSIGN(Dims height, broadcast({a[rank - 2]}, {b[rank - 2]}));
  if (a[rank - 1] != b[rank - 3])
    return makeError(ErrorCode::InvalidInput,
                     "expected equal inner sizes, found {} and {}", a[rank - 1],
                     b[rank - 3]);
  Dims dims = {a[rank - 3], height[0], b[rank - 1]};
  if (rank == 4) {
    ANEC_ASSIGN(Dims batch, broadcast({a[0]}, {b[0]}));
    dims.insert(dims.begin(), batch[0]);
  }
  return single(values[0].type.element, dims);
}

Types inferSliceUpdate(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type update, operands.type("update"));
  ANEC_ASSIGN(std::vector<SliceRange> ranges, indexRanges(operands, x.dims));
  Dims dims;
  for (const SliceRange &range : ranges)
    if (!range.squeezed)
      dims.push_back(range.count);
  if (!sameType(Type::tensor(x.element, dims), update))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'update' of shape {}, found {}", dimsText(dims),
                     toString(update));
  return single(x.element, x.dims);
}

} // namespace

Result<std::vector<ConvWindow>> poolWindows(const Operands &operands,
                                            const Dims &x) {
  ANEC_ASSIGN(Dims kernel, operands.integers("kernel_sizes"));
  if (kernel.size() + 2 != x.size())
    return makeError(ErrorCode::InvalidInput,
                     "expected {} 'kernel_sizes', found {}", x.size() - 2,
                     kernel.size());
  kernel.insert(kernel.begin(), 2, 1);
  ANEC_ASSIGN(std::vector<ConvWindow> windows,
              convWindows(operands, x, kernel));
  ANEC_ASSIGN(bool ceiling, operands.flag("ceil_mode", false));
  ANEC_ASSIGN(std::string mode, operands.string("pad_type", "valid"));
  for (const ConvWindow &window : windows)
    if (ceiling && (window.before != window.after || mode == "same" ||
                    mode == "same_lower"))
      return makeError(ErrorCode::InvalidInput,
                       "expected equal pads on both sides and not 'same' with "
                       "'ceil_mode', found {} and {} with '{}'",
                       window.before, window.after, mode);
  for (size_t i = 0; ceiling && i < windows.size(); ++i) {
    ConvWindow &window = windows[i];
    const int64_t size = x[i + 2];
    const int64_t room = size + window.before + window.after - window.kernel;
    window.output = (room + window.stride - 1) / window.stride + 1;
    if ((window.output - 1) * window.stride >= size + window.before)
      --window.output;
  }
  return windows;
}

void addPoolOps(OpTable &table) {
  for (const char *name : {"max_pool", "l2_pool"})
    table[name] = {"x kernel_sizes! strides!? pad_type!? pad!? ceil_mode!?",
                   inferPool};
  table["avg_pool"] = {"x kernel_sizes! strides!? pad_type!? pad!? ceil_mode!? "
                       "exclude_padding_from_average!?",
                       inferPool};
  table["batch_norm"] = {"x mean! variance! gamma!? beta!? epsilon!?",
                         inferBatchNorm};
  table["einsum"] = {"values* equation!", inferEinsum};
  table["slice_update"] = {
      "x update begin end stride!? begin_mask!? end_mask!? squeeze_mask!?",
      inferSliceUpdate};
}

} // namespace anec::rt::mil
