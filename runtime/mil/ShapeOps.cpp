//===- ShapeOps.cpp - Type rules of data movement -------------------------===//
//
// Element types stay; element counts too, where nothing is copied.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

#include <algorithm>
#include <cmath>

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;
using Dims = std::vector<int64_t>;

Types inferReshape(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Dims dims, operands.integers("shape"));
  const Dims written = dims;
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && dims.size() == x.dims.size())
      dims[i] = x.dims[i];
    if (dims[i] == -1 && open == -1)
      open = static_cast<int64_t>(i);
    else if (dims[i] < 0 ||
             dims[i] > maxElementCount / std::max<int64_t>(known, 1))
      return makeError(ErrorCode::InvalidInput,
                       "expected sizes and at most one -1 as 'shape', found {}",
                       dimsText(written));
    else
      known *= dims[i];
  }
  int64_t count = x.elementCount();
  if (open >= 0 && count != dynamicSize && known > 0 && count % known == 0) {
    dims[static_cast<size_t>(open)] = count / known;
    known = count;
  }
  if (count != dynamicSize && known != count)
    return makeError(ErrorCode::InvalidInput,
                     "expected a shape of {} elements like {}, found {}", count,
                     dimsText(x.dims), dimsText(written));
  return single(x.element, dims);
}

Types inferTranspose(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Dims perm, operands.axes("perm", x.rank()));
  if (perm.size() != x.dims.size())
    return makeError(ErrorCode::InvalidInput,
                     "expected 'perm' of {} axes, found {}", x.rank(),
                     perm.size());
  Dims dims;
  for (int64_t axis : perm)
    dims.push_back(x.dims[static_cast<size_t>(axis)]);
  return single(x.element, dims);
}

Types inferExpandDims(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Dims values, operands.integers("axes"));
  ANEC_ASSIGN(Dims axes, operands.axes("axes", x.rank() + static_cast<int64_t>(
                                                              values.size())));
  std::sort(axes.begin(), axes.end());
  for (int64_t axis : axes)
    x.dims.insert(x.dims.begin() + axis, 1);
  return single(x.element, x.dims);
}

Types inferSqueeze(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Dims axes, operands.axes("axes", x.rank()));
  Dims dims;
  for (size_t i = 0; i < x.dims.size(); ++i) {
    bool listed = std::find(axes.begin(), axes.end(),
                            static_cast<int64_t>(i)) != axes.end();
    if (!listed || x.dims[i] != 1)
      dims.push_back(x.dims[i]);
  }
  return single(x.element, dims);
}

/// All values have the element type and, outside `axis`, the shape of the
/// first.
Types inferConcat(const Operands &operands) {
  const std::vector<OperandInfo> &values = operands.all("values");
  // Scalars are concatenated like vectors of one.
  const bool areScalars = values.front().type.rank() == 0;
  auto asVector = [&](const Type &type) {
    return areScalars && type.rank() == 0 ? Type::tensor(type.element, {1})
                                          : type;
  };
  Type first = asVector(values.front().type);
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", first.rank()));
  ANEC_ASSIGN(bool interleave, operands.flag("interleave", false));
  const size_t along = static_cast<size_t>(axis);
  int64_t total = 0;
  for (const OperandInfo &value : values) {
    Type type = asVector(value.type);
    int64_t size = type.rank() == first.rank() ? type.dims[along] : 0;
    if (type.rank() == first.rank() && !interleave)
      type.dims[along] = first.dims[along];
    if (!sameType(type, first))
      return makeError(ErrorCode::InvalidInput,
                       "expected values like the first, {}, found {}",
                       toString(first), toString(value.type));
    total = total == dynamicSize || size == dynamicSize ? dynamicSize
                                                        : total + size;
  }
  first.dims[along] = total;
  return single(first.element, first.dims);
}

Types inferStack(const Operands &operands) {
  const std::vector<OperandInfo> &values = operands.all("values");
  Type first = values.front().type;
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", first.rank() + 1));
  for (const OperandInfo &value : values)
    if (!sameType(value.type, first))
      return makeError(ErrorCode::InvalidInput,
                       "expected values like the first, {}, found {}",
                       toString(first), toString(value.type));
  first.dims.insert(first.dims.begin() + axis,
                    static_cast<int64_t>(values.size()));
  return single(first.element, first.dims);
}

Types inferSplit(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank()));
  int64_t &size = x.dims[static_cast<size_t>(axis)];
  const int64_t whole = size;
  Dims sizes;
  if (operands.has("split_sizes")) {
    ANEC_ASSIGN(sizes, operands.integers("split_sizes"));
  } else {
    ANEC_ASSIGN(int64_t count, operands.integer("num_splits"));
    if (count < 1 || count > whole || whole % count != 0)
      return makeError(ErrorCode::InvalidInput,
                       "expected 'num_splits' to divide {}, found {}", whole,
                       count);
    sizes.assign(static_cast<size_t>(count), whole / count);
  }
  int64_t total = 0;
  std::vector<Type> types;
  for (int64_t part : sizes) {
    if (part < 0 || part > whole - total)
      return makeError(ErrorCode::InvalidInput,
                       "expected 'split_sizes' to sum to {}, found {}", whole,
                       dimsText(sizes));
    total += part;
    size = part;
    types.push_back(Type::tensor(x.element, x.dims));
  }
  if (total != whole)
    return makeError(ErrorCode::InvalidInput,
                     "expected 'split_sizes' to sum to {}, found {}", whole,
                     dimsText(sizes));
  return types;
}

Types inferTile(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Dims reps, operands.integers("reps"));
  bool good = reps.size() == x.dims.size();
  for (size_t i = 0; good && i < reps.size(); ++i) {
    const int64_t dim = x.dims[i];
    good = reps[i] > 0 && (dim <= 0 || reps[i] <= maxElementCount / dim);
    x.dims[i] = good && dim != dynamicSize ? dim * reps[i] : dim;
  }
  if (!good || !hasBoundedSize(x))
    return makeError(
        ErrorCode::InvalidInput,
        "expected {} positive 'reps' and at most 2^48 elements, found {}",
        x.rank(), dimsText(reps));
  return single(x.element, x.dims);
}

Types inferPad(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Dims pad, operands.integers("pad"));
  ANEC_ASSIGN(std::string mode, operands.string("mode", "constant"));
  if (mode != "constant" && mode != "reflect" && mode != "replicate")
    return makeError(ErrorCode::InvalidInput,
                     "expected 'mode' constant, reflect or replicate, found "
                     "'{}'",
                     mode);
  if (pad.size() % 2 != 0 || pad.size() / 2 > x.dims.size())
    return makeError(ErrorCode::InvalidInput,
                     "expected at most {} pairs as 'pad', found {} values",
                     x.rank(), pad.size());
  size_t first = x.dims.size() - pad.size() / 2;
  for (size_t i = 0; i < pad.size(); ++i) {
    int64_t &size = x.dims[first + i / 2];
    if (pad[i] < 0 || (mode == "reflect" && pad[i] >= size))
      return makeError(ErrorCode::InvalidInput,
                       "expected pads from 0 that fit {}, found {}",
                       dimsText(x.dims), dimsText(pad));
  }
  for (size_t i = 0; i < pad.size(); ++i)
    x.dims[first + i / 2] += pad[i];
  return single(x.element, x.dims);
}

Types inferReverse(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Dims axes, operands.axes("axes", x.rank()));
  (void)axes;
  return single(x.element, x.dims);
}

Types inferGather(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), 0));
  ANEC_ASSIGN(int64_t batch, operands.integer("batch_dims", 0));
  bool good = isInteger(indices.element) && batch >= 0 && batch <= axis &&
              batch <= indices.rank();
  for (int64_t i = 0; good && i < batch; ++i)
    good =
        x.dims[static_cast<size_t>(i)] == indices.dims[static_cast<size_t>(i)];
  if (!good)
    return makeError(
        ErrorCode::InvalidInput,
        "expected integer 'indices' with the first {} sizes of {}, "
        "up to the axis, found {}",
        batch, dimsText(x.dims), toString(indices));
  Dims dims(x.dims.begin(), x.dims.begin() + axis);
  dims.insert(dims.end(), indices.dims.begin() + batch, indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + axis + 1, x.dims.end());
  return single(x.element, dims);
}

Types inferGatherAlongAxis(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", x.rank(), 0));
  bool good = isInteger(indices.element) && indices.rank() == x.rank();
  for (int64_t i = 0; good && i < x.rank(); ++i)
    good = i == axis || x.dims[static_cast<size_t>(i)] ==
                            indices.dims[static_cast<size_t>(i)];
  if (!good)
    return makeError(ErrorCode::InvalidInput,
                     "expected integer 'indices' like {}, found {}",
                     dimsText(x.dims), toString(indices));
  return single(x.element, indices.dims);
}

Types inferShape(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  return single(ScalarType::Int32, {x.rank()});
}

Types inferRange(const Operands &operands) {
  ANEC_ASSIGN(Type type, operands.type("end"));
  ANEC_ASSIGN(double start, operands.number("start"));
  ANEC_ASSIGN(double end, operands.number("end"));
  ANEC_ASSIGN(double step, operands.number("step"));
  const double count = std::ceil((end - start) / step);
  if (step == 0 || !(count < 0x1p48))
    return makeError(ErrorCode::InvalidInput,
                     "expected a step that leads from {} to {}, found {}",
                     start, end, step);
  return single(type.element,
                {std::max<int64_t>(0, static_cast<int64_t>(count))});
}

Types inferFill(const Operands &operands) {
  ANEC_ASSIGN(Dims dims, operands.integers("shape"));
  Type value = Type::scalar(ScalarType::FP32);
  if (operands.has("value")) {
    ANEC_ASSIGN(value, operands.type("value"));
  }
  int64_t count = 1;
  for (int64_t dim : dims) {
    if (dim < 0 || (dim > 0 && count > maxElementCount / dim))
      return makeError(ErrorCode::InvalidInput,
                       "expected sizes as 'shape', found {}", dimsText(dims));
    count *= std::max<int64_t>(dim, 1);
  }
  return single(value.element, dims);
}

} // namespace

void addShapeOps(OpTable &table) {
  table["reshape"] = {"x shape", inferReshape};
  table["transpose"] = {"x perm!", inferTranspose};
  table["expand_dims"] = {"x axes!", inferExpandDims};
  table["squeeze"] = {"x axes!?", inferSqueeze};
  table["concat"] = {"values* axis! interleave!?", inferConcat};
  table["stack"] = {"values* axis!", inferStack};
  table["split"] = {"x axis! num_splits!? split_sizes!?", inferSplit};
  table["tile"] = {"x reps", inferTile};
  table["pad"] = {"x pad mode!? constant_val!?", inferPad};
  table["reverse"] = {"x axes!?", inferReverse};
  table["gather"] = {"x indices axis!? batch_dims!? validate_indices!?",
                     inferGather};
  table["shape"] = {"x", inferShape};
  table["range_1d"] = {"end start step", inferRange};
  table["fill"] = {"shape value!?", inferFill};
  table["gather_along_axis"] = {"x indices axis!? validate_indices!?",
                                inferGatherAlongAxis};
}

} // namespace anec::rt::mil
