//===- NaiveMovements.cpp - Elements in other places ----------------------===//
//
// Each result element is looked up where the definition says it comes from.
//
//===----------------------------------------------------------------------===//
#include "test/runtime/device/naive/NaiveExecutor.h"

namespace anec::rt::naive {

namespace {

const Number &at(const Tensor &x, const Dims &index) {
  return x.numbers[static_cast<size_t>(placeOf(index, x.strides()))];
}

/// A result of `dims`, each element taken from where `source` says.
template <typename Source>
std::vector<Tensor> moved(const Call &call, const Dims &dims, Source source) {
  const Tensor &x = call.tensor("x");
  const Dims strides = x.strides();
  Tensor y = call.result(dims);
  size_t place = 0;
  forEachIndex(dims, [&](const Dims &index) {
    const Dims from = source(index);
    y.numbers[place++] = x.numbers[static_cast<size_t>(placeOf(from, strides))];
  });
  return {y};
}

/// reshape, squeeze, expand_dims: the elements stay, the shape is another.
std::vector<Tensor> relabelled(const Call &call, const Dims &dims) {
  Tensor y = call.result(dims);
  y.numbers = call.tensor("x").numbers;
  return {y};
}

std::vector<Tensor> reshape(const Call &call) {
  const Tensor &x = call.tensor("x");
  Dims dims = call.integers("shape", {});
  int64_t known = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && dims.size() == x.dims.size())
      dims[i] = x.dims[i];
    if (dims[i] != -1)
      known *= dims[i];
  }
  for (int64_t &dim : dims)
    if (dim == -1)
      dim = x.count() / known;
  return relabelled(call, dims);
}

std::vector<Tensor> expandDims(const Call &call) {
  const Tensor &x = call.tensor("x");
  Dims dims = x.dims;
  const int64_t rank =
      x.rank() + static_cast<int64_t>(call.integers("axes", {}).size());
  for (size_t axis : call.axes("axes", rank))
    dims.insert(dims.begin() + static_cast<int64_t>(axis), 1);
  return relabelled(call, dims);
}

std::vector<Tensor> squeeze(const Call &call) {
  const Tensor &x = call.tensor("x");
  const std::vector<size_t> axes = call.axes("axes", x.rank());
  Dims dims;
  for (size_t i = 0; i < x.dims.size(); ++i)
    if (x.dims[i] != 1 || std::find(axes.begin(), axes.end(), i) == axes.end())
      dims.push_back(x.dims[i]);
  return relabelled(call, dims);
}

std::vector<Tensor> transpose(const Call &call) {
  const Tensor &x = call.tensor("x");
  std::vector<size_t> perm;
  for (int64_t axis : call.integers("perm", {}))
    perm.push_back(static_cast<size_t>(axis < 0 ? axis + x.rank() : axis));
  Dims dims;
  for (size_t axis : perm)
    dims.push_back(x.dims[axis]);
  return moved(call, dims, [&](const Dims &index) {
    Dims from(index.size());
    for (size_t i = 0; i < perm.size(); ++i)
      from[perm[i]] = index[i];
    return from;
  });
}

std::vector<Tensor> sliceBySize(const Call &call) {
  const Tensor &x = call.tensor("x");
  Dims begin = call.integers("begin", {}), dims = call.integers("size", {});
  for (size_t i = 0; i < begin.size(); ++i) {
    if (begin[i] < 0)
      begin[i] += x.dims[i];
    if (dims[i] == -1)
      dims[i] = x.dims[i] - begin[i];
  }
  return moved(call, dims, [&](const Dims &index) {
    Dims from = index;
    for (size_t i = 0; i < from.size(); ++i)
      from[i] += begin[i];
    return from;
  });
}

/// The indices that Python's slice(begin, end, stride) visits.
std::vector<int64_t> pythonIndices(int64_t begin, int64_t end, int64_t stride,
                                   bool beginMask, bool endMask, int64_t size) {
  auto fromEnd = [&](int64_t index) {
    return index < 0 ? index + size : index;
  };
  std::vector<int64_t> indices;
  if (stride > 0) {
    const int64_t first = beginMask ? 0 : std::max<int64_t>(fromEnd(begin), 0);
    const int64_t last = endMask ? size : std::min(fromEnd(end), size);
    for (int64_t i = first; i < last; i += stride)
      indices.push_back(i);
  } else {
    const int64_t first =
        beginMask ? size - 1 : std::min(fromEnd(begin), size - 1);
    const int64_t last = endMask ? -1 : std::max<int64_t>(fromEnd(end), -1);
    for (int64_t i = first; i > last; i += stride)
      indices.push_back(i);
  }
  return indices;
}

std::vector<Tensor> sliceByIndex(const Call &call) {
  const Tensor &x = call.tensor("x");
  const size_t rank = x.dims.size();
  const Dims none(rank, 0), ones(rank, 1);
  const Dims begin = call.integers("begin", {}), end = call.integers("end", {});
  const Dims stride = call.integers("stride", ones);
  const Dims beginMask = call.integers("begin_mask", none);
  const Dims endMask = call.integers("end_mask", none);
  const Dims squeezeMask = call.integers("squeeze_mask", none);
  std::vector<std::vector<int64_t>> visited;
  Dims whole, dims;
  for (size_t i = 0; i < rank; ++i) {
    if (squeezeMask[i]) {
      const int64_t index = beginMask[i] ? 0 : begin[i];
      visited.push_back({index < 0 ? index + x.dims[i] : index});
    } else {
      visited.push_back(pythonIndices(begin[i], end[i], stride[i], beginMask[i],
                                      endMask[i], x.dims[i]));
      dims.push_back(static_cast<int64_t>(visited.back().size()));
    }
    whole.push_back(static_cast<int64_t>(visited.back().size()));
  }
  Tensor y = call.result(dims);
  size_t place = 0;
  forEachIndex(whole, [&](const Dims &index) {
    Dims from;
    for (size_t i = 0; i < rank; ++i)
      from.push_back(visited[i][static_cast<size_t>(index[i])]);
    y.numbers[place++] = at(x, from);
  });
  return {y};
}

std::vector<Tensor> concat(const Call &call) {
  const std::vector<Tensor> &values = call.operands.at("values");
  const size_t axis = call.axis("axis", 0, values[0].rank());
  const int64_t count = static_cast<int64_t>(values.size());
  Dims dims = values[0].dims;
  dims[axis] = 0;
  for (const Tensor &value : values)
    dims[axis] += value.dims[axis];
  Tensor y = call.result(dims);
  size_t place = 0;
  forEachIndex(dims, [&](const Dims &index) {
    Dims from = index;
    size_t source = 0;
    if (call.flag("interleave")) {
      source = static_cast<size_t>(index[axis] % count);
      from[axis] = index[axis] / count;
    } else {
      while (from[axis] >= values[source].dims[axis])
        from[axis] -= values[source++].dims[axis];
    }
    y.numbers[place++] = at(values[source], from);
  });
  return {y};
}

std::vector<Tensor> stack(const Call &call) {
  const std::vector<Tensor> &values = call.operands.at("values");
  const size_t axis = call.axis("axis", 0, values[0].rank() + 1);
  Dims dims = values[0].dims;
  dims.insert(dims.begin() + static_cast<int64_t>(axis),
              static_cast<int64_t>(values.size()));
  Tensor y = call.result(dims);
  size_t place = 0;
  forEachIndex(dims, [&](const Dims &index) {
    Dims from = index;
    from.erase(from.begin() + static_cast<int64_t>(axis));
    y.numbers[place++] = at(values[static_cast<size_t>(index[axis])], from);
  });
  return {y};
}

std::vector<Tensor> split(const Call &call) {
  const Tensor &x = call.tensor("x");
  const size_t axis = call.axis("axis", 0, x.rank());
  Dims sizes = call.integers("split_sizes", {});
  if (sizes.empty()) {
    const int64_t parts = call.integer("num_splits", 1);
    sizes.assign(static_cast<size_t>(parts), x.dims[axis] / parts);
  }
  std::vector<Tensor> results;
  int64_t begin = 0;
  for (int64_t size : sizes) {
    Dims dims = x.dims;
    dims[axis] = size;
    results.push_back(moved(call, dims, [&](Dims index) {
      index[axis] += begin;
      return index;
    })[0]);
    begin += size;
  }
  return results;
}

std::vector<Tensor> tile(const Call &call) {
  const Tensor &x = call.tensor("x");
  const Dims reps = call.integers("reps", {});
  Dims dims = x.dims;
  for (size_t i = 0; i < dims.size(); ++i)
    dims[i] *= reps[i];
  return moved(call, dims, [&](Dims index) {
    for (size_t i = 0; i < index.size(); ++i)
      index[i] %= x.dims[i];
    return index;
  });
}

std::vector<Tensor> pad(const Call &call) {
  const Tensor &x = call.tensor("x");
  const Dims pads = call.integers("pad", {});
  const std::string mode = call.text("mode", "constant");
  const Number constant(call.number("constant_val", 0));
  const size_t first = x.dims.size() - pads.size() / 2;
  Dims dims = x.dims;
  for (size_t i = 0; i < pads.size(); ++i)
    dims[first + i / 2] += pads[i];
  Tensor y = call.result(dims);
  size_t place = 0;
  forEachIndex(dims, [&](Dims index) {
    bool isInside = true;
    for (size_t axis = first; axis < dims.size(); ++axis) {
      const int64_t size = x.dims[axis];
      int64_t position = index[axis] - pads[2 * (axis - first)];
      if (position < 0 || position >= size) {
        isInside = false;
        if (mode == "reflect")
          position = position < 0 ? -position : 2 * (size - 1) - position;
        else
          position = position < 0 ? 0 : size - 1;
      }
      index[axis] = position;
    }
    y.numbers[place++] =
        isInside || mode != "constant" ? at(x, index) : constant;
  });
  return {y};
}

std::vector<Tensor> reverse(const Call &call) {
  const Tensor &x = call.tensor("x");
  const std::vector<size_t> axes = call.axes("axes", x.rank());
  return moved(call, x.dims, [&](Dims index) {
    for (size_t axis : axes)
      index[axis] = x.dims[axis] - 1 - index[axis];
    return index;
  });
}

/// An index counted from the front.
int64_t wrapped(const Number &index, int64_t size) {
  const int64_t number = static_cast<int64_t>(index.value);
  return number < 0 ? number + size : number;
}

std::vector<Tensor> gather(const Call &call) {
  const Tensor &x = call.tensor("x"), &indices = call.tensor("indices");
  const size_t axis = call.axis("axis", 0, x.rank());
  const size_t count = indices.dims.size();
  Dims dims = x.dims;
  dims.erase(dims.begin() + static_cast<int64_t>(axis));
  dims.insert(dims.begin() + static_cast<int64_t>(axis), indices.dims.begin(),
              indices.dims.end());
  const auto begin = static_cast<int64_t>(axis);
  return moved(call, dims, [&](Dims index) {
    const Dims inner(index.begin() + begin,
                     index.begin() + begin + static_cast<int64_t>(count));
    index.erase(index.begin() + begin,
                index.begin() + begin + static_cast<int64_t>(count));
    index.insert(index.begin() + begin,
                 wrapped(at(indices, inner), x.dims[axis]));
    return index;
  });
}

std::vector<Tensor> gatherAlongAxis(const Call &call) {
  const Tensor &x = call.tensor("x"), &indices = call.tensor("indices");
  const size_t axis = call.axis("axis", 0, x.rank());
  return moved(call, indices.dims, [&](Dims index) {
    index[axis] = wrapped(at(indices, index), x.dims[axis]);
    return index;
  });
}

} // namespace

void addMovements(OperatorTable &table) {
  table["reshape"] = reshape;
  table["expand_dims"] = expandDims;
  table["squeeze"] = squeeze;
  table["transpose"] = transpose;
  table["slice_by_size"] = sliceBySize;
  table["slice_by_index"] = sliceByIndex;
  table["concat"] = concat;
  table["stack"] = stack;
  table["split"] = split;
  table["tile"] = tile;
  table["pad"] = pad;
  table["reverse"] = reverse;
  table["gather"] = gather;
  table["gather_along_axis"] = gatherAlongAxis;
}

} // namespace anec::rt::naive
