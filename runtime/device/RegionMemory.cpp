//===- RegionMemory.cpp - Regions as memory -------------------------------===//
//
// Staging in strips: permute, transpose, convert, fold.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/RegionMemory.h"

#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/Convert.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/support/Transpose.h"

#include <algorithm>

namespace anec::rt {
namespace {

/// A permutation of [0, size), or empty for the identity.
bool isOrder(const std::vector<int64_t> &order, int64_t size) {
  if (order.empty())
    return true;
  std::vector<bool> seen(static_cast<size_t>(size), false);
  for (int64_t place : order) {
    if (place < 0 || place >= size || seen[static_cast<size_t>(place)])
      return false;
    seen[static_cast<size_t>(place)] = true;
  }
  return static_cast<int64_t>(order.size()) == size;
}

std::optional<Error> checkRegion(const SurfaceSpec &spec,
                                 const Region &region) {
  auto invalid = [&](const char *expected) {
    return makeError(ErrorCode::InvalidInput,
                     "surface '{}' [{}, {}], region '{}' [{}, {}] at channel "
                     "{}, column {}, {} rows per block: expected {}",
                     spec.name, spec.channels, spec.width, region.name,
                     region.rows, region.columns, region.channel, region.column,
                     region.blockRows, expected);
  };
  if (region.rows < 1 || region.columns < 1 || region.blockRows < 1 ||
      region.channel < 0 || region.column < 0)
    return invalid("positive sizes");
  const int64_t blocks =
      (region.rows + region.blockRows - 1) / region.blockRows;
  if (region.channel + std::min(region.rows, region.blockRows) >
          spec.channels ||
      region.columns > spec.width || blocks > spec.width / region.columns ||
      region.column + blocks * region.columns > spec.width)
    return invalid("a region inside the surface");
  const MatrixOrder &order = region.order;
  const int64_t rows = order.transposed ? region.columns : region.rows;
  const int64_t columns = order.transposed ? region.rows : region.columns;
  if (!isOrder(order.rowOrder, rows) || !isOrder(order.columnOrder, columns))
    return invalid("orders that are permutations");
  return std::nullopt;
}

/// Where stored row `row` of a region begins.
int64_t rowOffset(const Region &region, int64_t row, int64_t rowStride) {
  return (region.channel + row % region.blockRows) * rowStride + region.column +
         row / region.blockRows * region.columns;
}

int64_t placeIn(const std::vector<int64_t> &order, int64_t i) {
  return order.empty() ? i : order[static_cast<size_t>(i)];
}

/// Calls `body(first, source, count)` for the longest pieces of [begin, end)
/// whose places in `order` follow each other, such as the rows of one head.
template <typename Body>
void forEachRun(const std::vector<int64_t> &order, int64_t begin, int64_t end,
                Body body) {
  if (order.empty())
    return body(begin, begin, end - begin);
  while (begin < end) {
    const int64_t source = placeIn(order, begin);
    int64_t count = 1;
    while (begin + count < end &&
           placeIn(order, begin + count) == source + count)
      ++count;
    body(begin, source, count);
    begin += count;
  }
}

/// Stored rows at a time, so that a transposed master is read in lines.
constexpr int64_t stripRows = 16;

/// The stored rows from `begin` to before `end` of a transposed master, as
/// `strip[row - begin][column]`. Element (r, c) of the stored matrix is (c, r)
/// of the permuted one.
template <typename T>
void transposeStrip(const Region &region, const T *master, int64_t begin,
                    int64_t end, T *strip, int64_t stride) {
  const MatrixOrder &order = region.order;
  auto masterRow = [&](int64_t column) {
    return master + placeIn(order.rowOrder, column) * region.rows;
  };
  forEachRun(order.columnOrder, begin, end,
             [&](int64_t row, int64_t source, int64_t count) {
               T *target = strip + (row - begin) * stride;
               int64_t column = 0;
               for (; column + 4 <= region.columns; column += 4)
                 transposeFour({masterRow(column) + source,
                                masterRow(column + 1) + source,
                                masterRow(column + 2) + source,
                                masterRow(column + 3) + source},
                               count, target + column, stride);
               for (; column < region.columns; ++column)
                 for (int64_t i = 0; i < count; ++i)
                   target[i * stride + column] = masterRow(column)[source + i];
             });
}

/// Writes the stored rows from `begin` to before `end`, at most a strip.
template <typename T, typename E>
void stageStrip(const Region &region, const T *master, E *surface,
                int64_t rowStride, int64_t begin, int64_t end) {
  const MatrixOrder &order = region.order;
  const int64_t columns = region.columns;
  if (order.transposed) {
    // The padding keeps the rows out of each other's cache lines.
    const int64_t stride = columns + 16;
    AlignedBuffer<T> strip(stripRows * stride);
    transposeStrip(region, master, begin, end, strip.data(), stride);
    for (int64_t row = begin; row < end; ++row)
      convert(strip.data() + (row - begin) * stride,
              surface + rowOffset(region, row, rowStride), columns);
    return;
  }
  for (int64_t row = begin; row < end; ++row) {
    const T *source = master + placeIn(order.rowOrder, row) * columns;
    E *target = surface + rowOffset(region, row, rowStride);
    forEachRun(order.columnOrder, 0, columns,
               [&](int64_t column, int64_t from, int64_t count) {
                 convert(source + from, target + column, count);
               });
  }
}

} // namespace

std::optional<SurfaceShape> surfaceShape(const std::vector<int64_t> &dims) {
  if (dims.size() != 4 || dims[0] != 1 || dims[1] < 1 || dims[2] < 1 ||
      dims[3] < 1)
    return std::nullopt;
  return SurfaceShape{dims[1] * dims[2], dims[3]};
}

std::optional<Error> checkSurfaceSpec(const SurfaceSpec &spec) {
  if (spec.channels < 1 || spec.width < 1 ||
      spec.width > (int64_t(1) << 40) / spec.channels)
    return makeError(ErrorCode::InvalidInput,
                     "surface '{}': expected positive sizes, found [{}, {}]",
                     spec.name, spec.channels, spec.width);
  for (const Region &region : spec.regions)
    ANEC_TRY(checkRegion(spec, region));
  return std::nullopt;
}

Result<const Region *> findRegion(const Surface &surface, RegionId id,
                                  RegionKind kind) {
  const SurfaceSpec &spec = surface.spec();
  if (id >= spec.regions.size())
    return makeError(ErrorCode::InvalidInput,
                     "surface '{}': expected a region below {}, found {}",
                     spec.name, spec.regions.size(), id);
  const Region &region = spec.regions[id];
  if (region.kind != kind)
    return makeError(ErrorCode::InvalidInput,
                     "surface '{}': expected region '{}' to hold {}", spec.name,
                     region.name,
                     kind == RegionKind::Weight ? "a weight" : "an activation");
  return &region;
}

template <typename T>
void stageRegion(const Region &region, const T *master, ElementType type,
                 void *data, int64_t rowStride, ThreadPool &pool) {
  // Pieces are whole strips of at least a few thousand elements.
  const int64_t strips =
      std::max<int64_t>(1, 16384 / (stripRows * region.columns));
  auto stage = [&](auto *surface, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row += stripRows)
      stageStrip(region, master, surface, rowStride, row,
                 std::min(end, row + stripRows));
  };
  pool.parallelTiles(region.rows, strips * stripRows,
                     [&](int64_t begin, int64_t end) {
                       switch (type) {
                       case ElementType::F16:
                         return stage(static_cast<half *>(data), begin, end);
                       case ElementType::F32:
                         return stage(static_cast<float *>(data), begin, end);
                       case ElementType::F64:
                         return stage(static_cast<double *>(data), begin, end);
                       }
                     });
}

template void stageRegion(const Region &, const float *, ElementType, void *,
                          int64_t, ThreadPool &);
template void stageRegion(const Region &, const double *, ElementType, void *,
                          int64_t, ThreadPool &);

} // namespace anec::rt
