//===- Indexing.cpp - Indices that are data -------------------------------===//
//
// Checked indices, and the small operators that make or compare them.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Indexing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace anec::rt::cpu {

std::optional<int64_t> placeOf(double index, int64_t size,
                               const KernelArguments &arguments) {
  const int64_t written = static_cast<int64_t>(index);
  const int64_t place = written < 0 ? written + size : written;
  if (place >= 0 && place < size)
    return place;
  if (arguments.error)
    *arguments.error = fmt::format("expected indices from {} to {}, found {}",
                                   -size, size - 1, written);
  return std::nullopt;
}

std::optional<IndexedSlices> indexedSlices(const KernelArguments &arguments,
                                           const Dims &dims,
                                           const Tensor &indices,
                                           int64_t batch) {
  const Numbers numbers = numbersOf(indices);
  const size_t depth = static_cast<size_t>(indices.dims.back());
  const size_t first = static_cast<size_t>(batch);
  const Dims strides = contiguousStrides(dims);
  int64_t batches = 1;
  for (size_t i = 0; i < first; ++i)
    batches *= dims[i];
  int64_t vectors = 1;
  for (size_t i = 0; i + 1 < indices.dims.size(); ++i)
    vectors *= indices.dims[i];
  const int64_t perBatch = vectors / batches;
  IndexedSlices slices;
  for (size_t i = first + depth; i < dims.size(); ++i)
    slices.length *= dims[i];
  const int64_t batchLength = elementCount(dims) / batches;
  for (int64_t v = 0; v < vectors; ++v) {
    int64_t begin = v / perBatch * batchLength;
    for (size_t d = 0; d < depth; ++d) {
      const double index = numbers[static_cast<size_t>(v) * depth + d];
      std::optional<int64_t> place = placeOf(index, dims[first + d], arguments);
      if (!place)
        return std::nullopt;
      begin += *place * strides[first + d];
    }
    slices.begins.push_back(begin);
  }
  return slices;
}

namespace {

/// Indices outside, negative ones among them, give a vector of off values.
Result<Kernel> prepareOneHot(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  const int64_t rank = preparation.results[0].rank();
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", rank, -1));
  ANEC_ASSIGN(double on, operands.number("on_value", 1));
  ANEC_ASSIGN(double off, operands.number("off_value", 0));
  preparation.input("indices");
  return Kernel([=](const KernelArguments &arguments) {
    const Tensor &result = arguments.results[0];
    const Numbers indices = numbersOf(arguments.inputs[0]);
    const AxisSplit split(result.dims, axis);
    Numbers y(static_cast<size_t>(elementCount(result.dims)), off);
    for (int64_t block = 0; block < split.outer; ++block)
      for (int64_t lane = 0; lane < split.inner; ++lane) {
        const double index =
            indices[static_cast<size_t>(block * split.inner + lane)];
        if (index >= 0 && index < static_cast<double>(split.length))
          y[static_cast<size_t>(
              split.at(block, static_cast<int64_t>(index), lane))] = on;
      }
    storeNumbers(y, result);
  });
}

/// One row per element that is not 0, in row-major order.
Result<Kernel> prepareNonZero(Preparation &preparation) {
  preparation.input("x");
  return Kernel([](const KernelArguments &arguments) {
    const Tensor &x = arguments.inputs[0];
    const Numbers numbers = numbersOf(x);
    const Dims strides = contiguousStrides(x.dims);
    Numbers rows;
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] == 0)
        continue;
      for (size_t d = 0; d < strides.size(); ++d)
        rows.push_back(static_cast<double>(static_cast<int64_t>(i) /
                                           strides[d] % x.dims[d]));
    }
    storeNumbers(rows, arguments.results[0]);
  });
}

/// The order of one line; equal elements stay in order, NaN comes last.
std::vector<size_t> sortedOrder(const Numbers &line, bool ascending) {
  std::vector<size_t> order(line.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (std::isnan(line[a]) || std::isnan(line[b]))
      return !std::isnan(line[a]) && std::isnan(line[b]);
    return ascending ? line[a] < line[b] : line[a] > line[b];
  });
  return order;
}

Result<Kernel> prepareArgsort(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  const int64_t rank = preparation.results[0].rank();
  ANEC_ASSIGN(int64_t axis, operands.axis("axis", rank, -1));
  ANEC_ASSIGN(bool ascending, operands.flag("ascending", false));
  preparation.input("x");
  return Kernel([=](const KernelArguments &arguments) {
    const Numbers x = numbersOf(arguments.inputs[0]);
    const AxisSplit split(arguments.inputs[0].dims, axis);
    Numbers y(x.size()), line(static_cast<size_t>(split.length));
    for (int64_t block = 0; block < split.outer; ++block)
      for (int64_t lane = 0; lane < split.inner; ++lane) {
        for (int64_t i = 0; i < split.length; ++i)
          line[static_cast<size_t>(i)] =
              x[static_cast<size_t>(split.at(block, i, lane))];
        const std::vector<size_t> order = sortedOrder(line, ascending);
        for (int64_t i = 0; i < split.length; ++i)
          y[static_cast<size_t>(split.at(block, i, lane))] =
              static_cast<double>(order[static_cast<size_t>(i)]);
      }
    storeNumbers(y, arguments.results[0]);
  });
}

/// Chooses instead of multiplying: infinities outside the band become 0.
Result<Kernel> prepareBandPart(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(int64_t lower, operands.integer("lower", -1));
  ANEC_ASSIGN(int64_t upper, operands.integer("upper", -1));
  preparation.input("x");
  return Kernel([=](const KernelArguments &arguments) {
    const Dims &dims = arguments.inputs[0].dims;
    const int64_t rows = dims[dims.size() - 2], columns = dims.back();
    Numbers numbers = numbersOf(arguments.inputs[0]);
    for (size_t i = 0; i < numbers.size(); ++i) {
      const int64_t place = static_cast<int64_t>(i);
      const int64_t m = place / columns % rows, n = place % columns;
      const bool isInside =
          (lower < 0 || m - n <= lower) && (upper < 0 || n - m <= upper);
      if (!isInside)
        numbers[i] = 0;
    }
    storeNumbers(numbers, arguments.results[0]);
  });
}

} // namespace

void addIndexingKernels(KernelTable &table) {
  table["one_hot"] = prepareOneHot;
  table["non_zero"] = prepareNonZero;
  table["argsort"] = prepareArgsort;
  table["band_part"] = prepareBandPart;
}

} // namespace anec::rt::cpu
