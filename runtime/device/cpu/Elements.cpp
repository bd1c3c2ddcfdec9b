//===- Elements.cpp - Tensors as vectors of numbers -----------------------===//
//
// Row by row, so that the conversions stay vectorised.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elements.h"

#include "runtime/device/cpu/Iteration.h"
#include "runtime/device/cpu/Rows.h"

#include <algorithm>
#include <cassert>

namespace anec::rt::cpu {

Numbers numbersOf(const Tensor &tensor) {
  Numbers numbers(static_cast<size_t>(elementCount(tensor.dims)));
  double *target = numbers.data();
  const Iteration<1> rows(tensor.dims, {tensor.strides});
  const int64_t length = rows.rowLength();
  rows.forEach(0, rows.rowCount(), [&](const auto &row) {
    const double *loaded = loadRow<double>(tensor.storage, tensor.at(row[0]),
                                           rows.innerStride(0), length, target);
    if (loaded != target)
      std::copy_n(loaded, length, target);
    target += length;
  });
  return numbers;
}

void storeNumbers(const Numbers &numbers, const Tensor &tensor) {
  assert(static_cast<int64_t>(numbers.size()) == elementCount(tensor.dims));
  const double *source = numbers.data();
  const Iteration<1> rows(tensor.dims, {tensor.strides});
  rows.forEach(0, rows.rowCount(), [&](const auto &row) {
    storeRow<double>(source, tensor.storage, tensor.at(row[0]),
                     rows.innerStride(0), rows.rowLength());
    source += rows.rowLength();
  });
}

double numberAt(const Tensor &tensor, int64_t offset) {
  double number;
  return *loadRow<double>(tensor.storage, tensor.at(offset), 1, 1, &number);
}

AxisSplit::AxisSplit(const Dims &dims, int64_t axis) {
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t place = static_cast<int64_t>(i);
    (place < axis ? outer : place == axis ? length : inner) *= dims[i];
  }
}

} // namespace anec::rt::cpu
