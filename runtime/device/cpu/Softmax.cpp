//===- Softmax.cpp - Softmax along an axis --------------------------------===//
//
// Contiguous lines one by one; strided ones a few neighbours at a time, so
// that memory is read in rows.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Softmax.h"

#include "runtime/device/cpu/Elementwise.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/vector/SoftmaxRow.h"
#include "runtime/vector/VectorMath.h"

#include <limits>

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

/// Lines beside each other, one per column of a tile.
constexpr int64_t tileColumns = 64;

/// Softmax down the columns of `tile`, which has `length` rows.
template <typename T>
void softmaxColumns(T *tile, int64_t length, int64_t columns) {
  static const BinaryRow<T> maximum = findBinaryRow<T>("maximum");
  static const BinaryRow<T> subtract = findBinaryRow<T>("sub");
  static const BinaryRow<T> add = findBinaryRow<T>("add");
  static const BinaryRow<T> multiply = findBinaryRow<T>("mul");
  static const UnaryRow<T> exponential = findUnaryRow<T>("exp");
  T largest[tileColumns], sums[tileColumns] = {};
  std::fill_n(largest, columns, -std::numeric_limits<T>::infinity());
  for (int64_t i = 0; i < length; ++i)
    maximum(largest, tile + i * columns, largest, columns);
  for (int64_t i = 0; i < length; ++i) {
    T *row = tile + i * columns;
    subtract(row, largest, row, columns);
    exponential(row, row, columns, 0, 0);
    add(sums, row, sums, columns);
  }
  for (int64_t j = 0; j < columns; ++j)
    sums[j] = 1 / sums[j];
  for (int64_t i = 0; i < length; ++i)
    multiply(tile + i * columns, sums, tile + i * columns, columns);
}

/// Lines of fp16 beside each other, each by itself as an operator that shares
/// its rows with others computes it: both give the same bits.
void softmaxHalves(const half *x, int64_t xBeside, int64_t xAlong, half *y,
                   int64_t yBeside, int64_t yAlong, int64_t lines,
                   int64_t length) {
  static thread_local AlignedBuffer<half> memory;
  static thread_local AlignedBuffer<float> wide;
  half *numbers = memory.reserve(lines * length);
  for (int64_t i = 0; i < length; ++i)
    for (int64_t j = 0; j < lines; ++j)
      numbers[j * length + i] = x[i * xAlong + j * xBeside];
  for (int64_t j = 0; j < lines; ++j)
    rt::softmaxRow(numbers + j * length, numbers + j * length,
                   wide.reserve(length + 64), length);
  for (int64_t i = 0; i < length; ++i)
    for (int64_t j = 0; j < lines; ++j)
      y[i * yAlong + j * yBeside] = numbers[j * length + i];
}

template <typename T>
void softmax(const KernelArguments &arguments, size_t axis) {
  const Tensor &x = arguments.inputs[0], &y = arguments.results[0];
  Dims dims = x.dims, from = x.strides, to = y.strides;
  const int64_t length = dims[axis];
  const int64_t fromStride = from[axis], toStride = to[axis];
  const bool isHalf = x.storage == Storage::F16 && y.storage == Storage::F16;
  dims.erase(dims.begin() + static_cast<int64_t>(axis));
  from.erase(from.begin() + static_cast<int64_t>(axis));
  to.erase(to.begin() + static_cast<int64_t>(axis));
  const Iteration<2> lines(dims, {from, to});
  // One line at a time when its own elements are the neighbours.
  const int64_t columns = fromStride == 1 ? 1 : tileColumns;
  const int64_t tiles = (lines.rowLength() + columns - 1) / columns;
  const int64_t perTask = std::max<int64_t>(
      1, elementsPerTask / 4 / std::max<int64_t>(1, columns * length));
  auto tile = [&](int64_t unit, T *numbers) {
    lines.forEach(unit / tiles, unit / tiles + 1, [&](const auto &place) {
      const int64_t first = unit % tiles * columns;
      const int64_t count = std::min(columns, lines.rowLength() - first);
      const int64_t source = place[0] + first * lines.innerStride(0);
      const int64_t target = place[1] + first * lines.innerStride(1);
      if (isHalf)
        return softmaxHalves(static_cast<const half *>(x.at(source)),
                             lines.innerStride(0), fromStride,
                             static_cast<half *>(y.at(target)),
                             lines.innerStride(1), toStride, count, length);
      if (columns == 1) {
        const T *row =
            loadRow<T>(x.storage, x.at(source), fromStride, length, numbers);
        softmaxRow(row, numbers, length);
        storeRow<T>(numbers, y.storage, y.at(target), toStride, length);
        return;
      }
      for (int64_t i = 0; i < length; ++i) {
        T *row = numbers + i * count;
        const T *loaded = loadRow<T>(x.storage, x.at(source + i * fromStride),
                                     lines.innerStride(0), count, row);
        if (loaded != row)
          std::copy_n(loaded, count, row);
      }
      softmaxColumns(numbers, length, count);
      for (int64_t i = 0; i < length; ++i)
        storeRow<T>(numbers + i * count, y.storage, y.at(target + i * toStride),
                    lines.innerStride(1), count);
    });
  };
  arguments.pool.parallelTiles(lines.rowCount() * tiles, perTask,
                               [&](int64_t begin, int64_t end) {
                                 AlignedBuffer<T> numbers(length * columns);
                                 for (int64_t unit = begin; unit < end; ++unit)
                                   tile(unit, numbers.data());
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
    if (computesWithDouble(arguments))
      softmax<double>(arguments, static_cast<size_t>(axis));
    else
      softmax<float>(arguments, static_cast<size_t>(axis));
  });
}

} // namespace

void addSoftmaxKernels(KernelTable &table) {
  table["softmax"] = prepareSoftmax;
}

} // namespace anec::rt::cpu
