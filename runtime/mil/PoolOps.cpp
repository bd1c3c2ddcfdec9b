//===- PoolOps.cpp - Type rules of pooling and rarer operators ------------===//
//
// Windows over space, products by equation, normalisation with statistics.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>

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

/// b h w c-like letters are names only: the last dimension of the first
/// operand is summed with the third last of the second.
Types inferEinsum(const Operands &operands) {
  const std::vector<OperandInfo> &values = operands.all("values");
  const size_t count = values.size();
  bool good = count == 2;
  if (good) {
    const Dims &a = values[0].type.dims, &b = values[1].type.dims;
    const size_t rank = a.size();
    good = (rank == 3 || rank == 4) && b.size() == rank &&
           a[rank - 1] == b[rank - 3] && a[rank - 2] == b[rank - 2] &&
           (rank == 3 || a[0] == b[0]);
  }
  if (!good)
    return makeError(ErrorCode::Unsupported,
                     "only the equations nchw,nwhu->nchu and chw,whr->chr with "
                     "equal sizes are supported");
  Type result = values[0].type;
  result.dims.back() = values[1].type.dims.back();
  return single(result.element, result.dims);
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

/// The table has, per axis, one entry per group of indices, then the values
/// and the length of each.
Types inferLookup(const Operands &operands) {
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_ASSIGN(Type lut, operands.type("lut"));
  if (operands.has("shape")) {
    ANEC_ASSIGN(Dims dims, operands.integers("shape"));
    const int64_t count = Type::tensor(lut.element, dims).elementCount();
    int64_t bits = 0;
    while (lut.rank() == 1 && int64_t(1) << bits < lut.dims[0])
      ++bits;
    if (bits == 0 || int64_t(1) << bits != lut.dims[0] || indices.rank() != 1 ||
        indices.dims[0] != (count * bits + 7) / 8)
      return makeError(ErrorCode::InvalidInput,
                       "expected a table of 2, 4, 16, 64 or 256 values and "
                       "packed indices of {}, found {} and {}",
                       dimsText(dims), dimsText(lut.dims),
                       dimsText(indices.dims));
    return single(lut.element, dims);
  }
  bool good = lut.rank() == indices.rank() + 2 && lut.dims.back() == 1;
  for (size_t i = 0; good && i < indices.dims.size(); ++i)
    good = lut.dims[i] > 0 && indices.dims[i] % lut.dims[i] == 0;
  if (!good)
    return makeError(ErrorCode::Unsupported,
                     "only tables of single values that divide the indices {} "
                     "are supported, found {}",
                     dimsText(indices.dims), dimsText(lut.dims));
  return single(lut.element, indices.dims);
}

Types inferConstexprCast(const Operands &operands) {
  ANEC_ASSIGN(Type source, operands.type("source_val"));
  ANEC_ASSIGN(std::string name, operands.string("output_dtype"));
  ScalarType element;
  if (!parseScalarType(name, element))
    return makeError(ErrorCode::InvalidInput,
                     "expected 'output_dtype' to name a type, found '{}'",
                     name);
  return single(element, source.dims);
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
    table[name] = {"x kernel_sizes strides? pad_type? pad? ceil_mode?",
                   inferPool};
  table["avg_pool"] = {"x kernel_sizes strides? pad_type? pad? ceil_mode? "
                       "exclude_padding_from_average?",
                       inferPool};
  table["batch_norm"] = {"x mean variance gamma? beta? epsilon?",
                         inferBatchNorm};
  table["einsum"] = {"values* equation", inferEinsum};
  table["slice_update"] = {"x update begin end stride? begin_mask? end_mask? "
                           "squeeze_mask?",
                           inferSliceUpdate};
  table["constexpr_lut_to_dense"] = {"indices lut shape? vector_axis?",
                                     inferLookup};
  table["constexpr_cast"] = {"source_val output_dtype", inferConstexprCast};
}

} // namespace anec::rt::mil
