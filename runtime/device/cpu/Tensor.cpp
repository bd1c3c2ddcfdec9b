//===- Tensor.cpp - A strided view of elements ----------------------------===//
//
// Layout arithmetic.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Tensor.h"

#include "runtime/device/cpu/Iteration.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace anec::rt::cpu {

int64_t storageSize(Storage storage) {
  switch (storage) {
  case Storage::F16:
    return 2;
  case Storage::F32:
  case Storage::I32:
    return 4;
  case Storage::F64:
    return 8;
  case Storage::Bool:
    break;
  }
  return 1;
}

std::optional<Storage> storageOf(mil::ScalarType type, Numerics numerics) {
  if (mil::isFloat(type)) {
    if (numerics == Numerics::F64 ||
        (numerics == Numerics::Ane && type == mil::ScalarType::FP64))
      return Storage::F64;
    bool isHalf = numerics == Numerics::Ane && type == mil::ScalarType::FP16;
    return isHalf ? Storage::F16 : Storage::F32;
  }
  if (type == mil::ScalarType::Bool)
    return Storage::Bool;
  if (type == mil::ScalarType::String)
    return std::nullopt;
  return Storage::I32;
}

IntegerRange integerRange(mil::ScalarType type) {
  if (type == mil::ScalarType::Bool)
    return {0, 1};
  const bool isSigned = type <= mil::ScalarType::Int64;
  const int64_t bits = mil::scalarTypeBits(type) - (isSigned ? 1 : 0);
  const double highest =
      static_cast<double>((int64_t(1) << std::min<int64_t>(bits, 31)) - 1);
  return {isSigned ? -highest - 1 : 0, highest};
}

MatrixType matrixTypeOf(Storage storage) {
  assert(isFloat(storage) && "no matrix of integers");
  if (storage == Storage::F64)
    return MatrixType::F64;
  return storage == Storage::F32 ? MatrixType::F32 : MatrixType::F16;
}

bool isFloat(Storage storage) { return storage <= Storage::F64; }

int64_t elementCount(const Dims &dims) {
  int64_t count = 1;
  for (int64_t dim : dims)
    count *= dim;
  return count;
}

Dims contiguousStrides(const Dims &dims) {
  Dims strides(dims.size());
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= dims[i];
  }
  return strides;
}

bool Layout::isContiguous() const {
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    if (dims[i] == 1)
      continue;
    if (strides[i] != stride)
      return false;
    stride *= dims[i];
  }
  return true;
}

std::optional<Dims> reshapedStrides(const Layout &layout, const Dims &dims) {
  Dims strides(dims.size(), 0);
  if (elementCount(dims) == 0)
    return strides;
  // Walks both shapes from the back in groups of equal element counts; the
  // old dimensions of a group must be evenly spaced.
  size_t oldEnd = layout.dims.size(), newEnd = dims.size();
  while (newEnd > 0 || oldEnd > 0) {
    size_t oldBegin = oldEnd, newBegin = newEnd;
    int64_t oldCount = 1, newCount = 1;
    while (oldBegin > 0 && oldCount == 1)
      oldCount *= layout.dims[--oldBegin];
    while (newBegin > 0 && newCount == 1)
      newCount *= dims[--newBegin];
    while (oldCount != newCount) {
      if (oldCount < newCount)
        oldCount *= layout.dims[--oldBegin];
      else
        newCount *= dims[--newBegin];
    }
    int64_t stride = 0, expected = 0;
    for (size_t i = oldEnd; i-- > oldBegin;) {
      if (layout.dims[i] == 1)
        continue;
      if (stride == 0)
        stride = layout.strides[i];
      else if (layout.strides[i] != expected)
        return std::nullopt;
      expected = layout.strides[i] * layout.dims[i];
    }
    for (size_t i = newEnd; i-- > newBegin;) {
      strides[i] = stride;
      stride *= dims[i];
    }
    oldEnd = oldBegin;
    newEnd = newBegin;
  }
  return strides;
}

Dims broadcastStrides(const Layout &layout, const Dims &dims) {
  Dims strides(dims.size(), 0);
  size_t missing = dims.size() - layout.dims.size();
  for (size_t i = 0; i < layout.dims.size(); ++i)
    if (layout.dims[i] != 1)
      strides[missing + i] = layout.strides[i];
  return strides;
}

namespace {

template <typename T>
void copyRow(const T *from, int64_t fromStride, T *to, int64_t toStride,
             int64_t count) {
  if (fromStride == 1 && toStride == 1) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    to[i * toStride] = from[i * fromStride];
}

template <typename T> void copyElements(const Tensor &from, const Tensor &to) {
  Iteration<2> rows(to.dims, {from.strides, to.strides});
  const T *source = static_cast<const T *>(from.data);
  T *target = static_cast<T *>(to.data);
  rows.forEach(0, rows.rowCount(), [&](const std::array<int64_t, 2> &offsets) {
    copyRow(source + offsets[0], rows.innerStride(0), target + offsets[1],
            rows.innerStride(1), rows.rowLength());
  });
}

} // namespace

void copy(const Tensor &from, const Tensor &to, ThreadPool &pool) {
  constexpr int64_t elementsPerTask = 16384;
  size_t along = 0;
  for (size_t i = 0; i < to.dims.size(); ++i)
    if (to.dims[i] > to.dims[along])
      along = i;
  const int64_t elements = elementCount(to.dims);
  if (elements < 2 * elementsPerTask)
    return copy(from, to);
  const int64_t perTask =
      std::max<int64_t>(1, elementsPerTask * to.dims[along] / elements);
  pool.parallelTiles(to.dims[along], perTask, [&](int64_t begin, int64_t end) {
    Tensor source = from, target = to;
    source.dims[along] = target.dims[along] = end - begin;
    source.data = from.at(begin * from.strides[along]);
    target.data = to.at(begin * to.strides[along]);
    copy(source, target);
  });
}

void copy(const Tensor &from, const Tensor &to) {
  assert(from.dims == to.dims && from.storage == to.storage);
  switch (storageSize(to.storage)) {
  case 1:
    return copyElements<uint8_t>(from, to);
  case 2:
    return copyElements<uint16_t>(from, to);
  case 4:
    return copyElements<uint32_t>(from, to);
  default:
    return copyElements<uint64_t>(from, to);
  }
}

} // namespace anec::rt::cpu
