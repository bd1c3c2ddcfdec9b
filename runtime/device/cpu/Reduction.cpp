//===- Reduction.cpp - Sums, means and extrema ----------------------------===//
//
// Either rows are added to rows, where the reduced axes are the slow ones, or
// each row is added up by itself. Sums are f32 (f64 for wide types), in an
// order that depends on the shape only.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elementwise.h"
#include "runtime/device/cpu/Reducer.h"

namespace anec::rt::cpu {

namespace {

/// The input's dimensions, split into those that stay and those that go.
struct SplitLayout {
  Dims keptDims, keptStrides, reducedDims, reducedStrides;
};

SplitLayout splitAxes(const Tensor &x, const Dims &axes) {
  SplitLayout split;
  for (size_t i = 0; i < x.dims.size(); ++i) {
    bool isReduced = std::find(axes.begin(), axes.end(),
                               static_cast<int64_t>(i)) != axes.end();
    (isReduced ? split.reducedDims : split.keptDims).push_back(x.dims[i]);
    (isReduced ? split.reducedStrides : split.keptStrides)
        .push_back(x.strides[i]);
  }
  return split;
}

/// The reduced axes are slower than the kept ones: adds rows to rows.
template <typename T>
void reduceAcross(const Reducer<T> &reducer, const SplitLayout &split,
                  const KernelArguments &arguments) {
  const Tensor &x = arguments.inputs[0], &y = arguments.results[0];
  const Iteration<2> kept(
      split.keptDims, {split.keptStrides, contiguousStrides(split.keptDims)});
  const Iteration<1> reduced(split.reducedDims, {split.reducedStrides});
  const int64_t terms = elementCount(split.reducedDims);
  // Rows of the last axis; other sums no group of operators takes over.
  const int64_t part = elementCount(split.keptDims) == x.dims.back()
                           ? rowsPerPart(x.dims.back())
                           : std::max<int64_t>(1, terms);
  constexpr int64_t tile = 256;
  const int64_t tiles = (kept.rowLength() + tile - 1) / tile;
  auto reduceTile = [&](int64_t unit) {
    kept.forEach(unit / tiles, unit / tiles + 1, [&](const auto &place) {
      const int64_t first = unit % tiles * tile;
      const int64_t count = std::min(tile, kept.rowLength() - first);
      T total[tile], sums[tile], row[tile], scratch[tile];
      std::fill_n(sums, count, reducer.neutral());
      int64_t added = 0;
      auto endPart = [&] {
        if (added <= part)
          std::copy_n(sums, count, total);
        else
          reducer.combineRows(sums, total, count);
        std::fill_n(sums, count, reducer.neutral());
      };
      const int64_t base = place[0] + first * kept.innerStride(0);
      reduced.forEach(0, reduced.rowCount(), [&](const auto &outer) {
        for (int64_t i = 0; i < reduced.rowLength(); ++i) {
          const int64_t offset = base + outer[0] + i * reduced.innerStride(0);
          reducer.addRow(loadRow<T>(x.storage, x.at(offset),
                                    kept.innerStride(0), count, row),
                         sums, count, scratch);
          if (++added % part == 0)
            endPart();
        }
      });
      if (added % part != 0 || added == 0)
        endPart();
      for (int64_t i = 0; i < count; ++i)
        total[i] = reducer.finish(total[i], terms);
      storeRow<T>(total, y.storage,
                  y.at(place[1] + first * kept.innerStride(1)),
                  kept.innerStride(1), count);
    });
  };
  const int64_t perTask = std::max<int64_t>(
      1, elementsPerTask / std::max<int64_t>(1, tile * terms));
  arguments.pool.parallelTiles(kept.rowCount() * tiles, perTask,
                               [&](int64_t begin, int64_t end) {
                                 for (int64_t unit = begin; unit < end; ++unit)
                                   reduceTile(unit);
                               });
}

/// The reduced axes are the fast ones: adds each row up by itself.
template <typename T>
void reduceAlong(const Reducer<T> &reducer, const SplitLayout &split,
                 const KernelArguments &arguments) {
  const Tensor &x = arguments.inputs[0], &y = arguments.results[0];
  const Iteration<2> kept(
      split.keptDims, {split.keptStrides, contiguousStrides(split.keptDims)});
  const Iteration<1> reduced(split.reducedDims, {split.reducedStrides});
  const int64_t terms = elementCount(split.reducedDims);
  auto reduceOne = [&](int64_t from, int64_t to) {
    T buffer[chunkLength], scratch[chunkLength];
    T sum = reducer.neutral();
    reduced.forEach(0, reduced.rowCount(), [&](const auto &outer) {
      const int64_t stride = reduced.innerStride(0);
      for (int64_t i = 0; i < reduced.rowLength(); i += chunkLength) {
        const int64_t count = std::min(chunkLength, reduced.rowLength() - i);
        const T *row = loadRow<T>(x.storage, x.at(from + outer[0] + i * stride),
                                  stride, count, buffer);
        sum = reducer.combine(sum, reducer.fold(row, count, scratch));
      }
    });
    sum = reducer.finish(sum, terms);
    storeRow<T>(&sum, y.storage, y.at(to), 1, 1);
  };
  const int64_t length = kept.rowLength();
  const int64_t perTask = std::max<int64_t>(
      1, elementsPerTask / std::max<int64_t>(1, length * terms));
  arguments.pool.parallelTiles(
      kept.rowCount(), perTask, [&](int64_t begin, int64_t end) {
        kept.forEach(begin, end, [&](const auto &place) {
          for (int64_t i = 0; i < length; ++i)
            reduceOne(place[0] + i * kept.innerStride(0),
                      place[1] + i * kept.innerStride(1));
        });
      });
}

template <typename T>
void reduce(const Recipe &recipe, const Dims &axes,
            const KernelArguments &arguments) {
  const Tensor &x = arguments.inputs[0];
  const SplitLayout split = splitAxes(x, axes);
  const Reducer<T> reducer(recipe);
  const Iteration<1> kept(split.keptDims, {split.keptStrides});
  if (kept.rowLength() > 1 && kept.innerStride(0) == 1)
    reduceAcross<T>(reducer, split, arguments);
  else
    reduceAlong<T>(reducer, split, arguments);
}

Result<Kernel> prepareReduction(Preparation &preparation) {
  const Recipe *found = findRecipe(preparation.op);
  ANEC_ASSIGN(mil::Type x, preparation.operands.type("x"));
  ANEC_ASSIGN(Dims axes, preparation.operands.axes("axes", x.rank()));
  preparation.input("x");
  preparation.goesByRows(
      {RowOperation::Kind::Reduction, preparation.op, 0, 0, axes});
  return Kernel([recipe = *found, axes](const KernelArguments &arguments) {
    if (computesWithDouble(arguments))
      reduce<double>(recipe, axes, arguments);
    else
      reduce<float>(recipe, axes, arguments);
  });
}

} // namespace

void addReductionKernels(KernelTable &table) {
  for (const Recipe &recipe : recipes)
    table[recipe.op] = prepareReduction;
}

} // namespace anec::rt::cpu
