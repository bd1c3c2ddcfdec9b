//===- Softmax.cpp - Softmax along an axis --------------------------------===//
//
// Lines are put side by side where they are not, and computed one by one.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Softmax.h"

#include "runtime/device/cpu/Elementwise.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/vector/SoftmaxRow.h"
#include "runtime/vector/VectorMath.h"

#include <algorithm>

namespace anec::rt::cpu {

template <typename T> void softmaxRow(const T *x, T *y, int64_t count) {
  const T largest = maxRow(x, count);
  static const UnaryRow<T> multiply = findUnaryRow<T>("linear_activation");
  static const UnaryRow<T> exponential = findUnaryRow<T>("shifted_exp");
  exponential(x, y, count, largest, 0);
  multiply(y, y, count, 1 / sumRow(y, count), 0);
}

template void softmaxRow(const float *, float *, int64_t);
template void softmaxRow(const double *, double *, int64_t);

namespace {

/// Lines beside each other that are computed together, so that memory is read
/// in rows.
constexpr int64_t tileLines = 64;

template <typename S> void softmaxLine(const S *x, S *y, int64_t count) {
  softmaxRow(x, y, count);
}

template <> void softmaxLine(const half *x, half *y, int64_t count) {
  static thread_local AlignedBuffer<float> wide;
  rt::softmaxRow(x, y, wide.reserve(count + 64), count);
}

/// Elements are `along` apart in a line, and lines `beside` each other.
template <typename S> struct Lines {
  S *data;
  int64_t beside, along;
};

/// Line by line, as an operator that shares its rows with others computes them:
/// both give the same bits.
template <typename S>
void softmaxLines(const Lines<const S> &x, const Lines<S> &y, int64_t lines,
                  int64_t length) {
  if (x.along == 1 && y.along == 1) {
    for (int64_t j = 0; j < lines; ++j)
      softmaxLine(x.data + j * x.beside, y.data + j * y.beside, length);
    return;
  }
  static thread_local AlignedBuffer<S> memory;
  S *numbers = memory.reserve(lines * length);
  for (int64_t i = 0; i < length; ++i)
    for (int64_t j = 0; j < lines; ++j)
      numbers[j * length + i] = x.data[i * x.along + j * x.beside];
  for (int64_t j = 0; j < lines; ++j)
    softmaxLine<S>(numbers + j * length, numbers + j * length, length);
  for (int64_t i = 0; i < length; ++i)
    for (int64_t j = 0; j < lines; ++j)
      y.data[i * y.along + j * y.beside] = numbers[j * length + i];
}

template <typename S>
void softmax(const KernelArguments &arguments, size_t axis) {
  const Tensor &x = arguments.inputs[0], &y = arguments.results[0];
  Dims dims = x.dims, from = x.strides, to = y.strides;
  const int64_t length = dims[axis];
  const int64_t fromStride = from[axis], toStride = to[axis];
  dims.erase(dims.begin() + static_cast<int64_t>(axis));
  from.erase(from.begin() + static_cast<int64_t>(axis));
  to.erase(to.begin() + static_cast<int64_t>(axis));
  const Iteration<2> rows(dims, {from, to});
  // One line at a time when its own elements are the neighbours.
  const int64_t together = fromStride == 1 ? 1 : tileLines;
  const int64_t tiles = (rows.rowLength() + together - 1) / together;
  const int64_t perTask = std::max<int64_t>(
      1, elementsPerTask / 4 / std::max<int64_t>(1, together * length));
  auto tile = [&](int64_t unit) {
    rows.forEach(unit / tiles, unit / tiles + 1, [&](const auto &place) {
      const int64_t first = unit % tiles * together;
      const int64_t xStride = rows.innerStride(0);
      const int64_t yStride = rows.innerStride(1);
      softmaxLines<S>({static_cast<const S *>(x.at(place[0] + first * xStride)),
                       xStride, fromStride},
                      {static_cast<S *>(y.at(place[1] + first * yStride)),
                       yStride, toStride},
                      std::min(together, rows.rowLength() - first), length);
    });
  };
  arguments.pool.parallelTiles(rows.rowCount() * tiles, perTask,
                               [&](int64_t begin, int64_t end) {
                                 for (int64_t unit = begin; unit < end; ++unit)
                                   tile(unit);
                               });
}

Result<Kernel> prepareSoftmax(Preparation &preparation) {
  ANEC_TRY(preparation.expectFloat("x"));
  ANEC_ASSIGN(mil::Type x, preparation.operands.type("x"));
  ANEC_ASSIGN(int64_t axis, preparation.operands.axis("axis", x.rank(), -1));
  preparation.input("x");
  preparation.goesByRows(
      {RowOperation::Kind::Softmax, "softmax", 0, 0, {axis}});
  return Kernel([axis](const KernelArguments &arguments) {
    const auto along = static_cast<size_t>(axis);
    switch (arguments.results[0].storage) {
    case Storage::F16:
      return softmax<half>(arguments, along);
    case Storage::F64:
      return softmax<double>(arguments, along);
    default:
      return softmax<float>(arguments, along);
    }
  });
}

} // namespace

void addSoftmaxKernels(KernelTable &table) {
  table["softmax"] = prepareSoftmax;
}

} // namespace anec::rt::cpu
