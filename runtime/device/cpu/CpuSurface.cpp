//===- CpuSurface.cpp - Surface memory ------------------------------------===//
//
// Allocation, and staging: permute, transpose, convert, fold.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuSurface.h"

#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/Convert.h"
#include "runtime/support/ThreadPool.h"
#include "runtime/support/Transpose.h"

#include <algorithm>

namespace anec::rt::cpu {

namespace {

/// As large as the smallest surface of the ANE, rule io-min-bytes.
constexpr int64_t minimumBytes = 49152;

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
int64_t rowOffset(const SurfaceSpec &spec, const Region &region, int64_t row) {
  return (region.channel + row % region.blockRows) * spec.width +
         region.column + row / region.blockRows * region.columns;
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
void stageStrip(const SurfaceSpec &spec, const Region &region, const T *master,
                E *surface, int64_t begin, int64_t end) {
  const MatrixOrder &order = region.order;
  const int64_t columns = region.columns;
  if (order.transposed) {
    // The padding keeps the rows out of each other's cache lines.
    const int64_t stride = columns + 16;
    AlignedBuffer<T> strip(stripRows * stride);
    transposeStrip(region, master, begin, end, strip.data(), stride);
    for (int64_t row = begin; row < end; ++row)
      convert(strip.data() + (row - begin) * stride,
              surface + rowOffset(spec, region, row), columns);
    return;
  }
  for (int64_t row = begin; row < end; ++row) {
    const T *source = master + placeIn(order.rowOrder, row) * columns;
    E *target = surface + rowOffset(spec, region, row);
    forEachRun(order.columnOrder, 0, columns,
               [&](int64_t column, int64_t from, int64_t count) {
                 convert(source + from, target + column, count);
               });
  }
}

} // namespace

int64_t elementSize(ElementType type) {
  return type == ElementType::F16 ? 2 : type == ElementType::F32 ? 4 : 8;
}

Result<std::unique_ptr<CpuSurface>> CpuSurface::create(const SurfaceSpec &spec,
                                                       ElementType type) {
  if (spec.channels < 1 || spec.width < 1 ||
      spec.width > (int64_t(1) << 40) / spec.channels)
    return makeError(ErrorCode::InvalidInput,
                     "surface '{}': expected positive sizes, found [{}, {}]",
                     spec.name, spec.channels, spec.width);
  for (const Region &region : spec.regions)
    ANEC_TRY(checkRegion(spec, region));
  const int64_t bytes =
      std::max(minimumBytes, spec.channels * spec.width * elementSize(type));
  ANEC_ASSIGN(PageBuffer memory,
              PageBuffer::create(static_cast<size_t>(bytes)));
  return std::unique_ptr<CpuSurface>(
      new CpuSurface(spec, type, std::move(memory)));
}

template <typename T>
std::optional<Error> stageMatrix(CpuSurface &surface, const Region &region,
                                 Span<const T> master, ThreadPool &pool) {
  const SurfaceSpec &spec = surface.spec();
  if (static_cast<int64_t>(master.size()) != region.rows * region.columns)
    return makeError(ErrorCode::InvalidInput,
                     "surface '{}', region '{}': expected {} values, found {}",
                     spec.name, region.name, region.rows * region.columns,
                     master.size());
  // Pieces are whole strips of at least a few thousand elements.
  const int64_t strips =
      std::max<int64_t>(1, 16384 / (stripRows * region.columns));
  pool.parallelTiles(region.rows, strips * stripRows,
                     [&](int64_t begin, int64_t end) {
                       for (int64_t row = begin; row < end; row += stripRows) {
                         const int64_t last = std::min(end, row + stripRows);
                         void *data = surface.data();
                         switch (surface.type()) {
                         case ElementType::F16:
                           stageStrip(spec, region, master.data(),
                                      static_cast<half *>(data), row, last);
                           break;
                         case ElementType::F32:
                           stageStrip(spec, region, master.data(),
                                      static_cast<float *>(data), row, last);
                           break;
                         case ElementType::F64:
                           stageStrip(spec, region, master.data(),
                                      static_cast<double *>(data), row, last);
                           break;
                         }
                       }
                     });
  return std::nullopt;
}

template std::optional<Error> stageMatrix(CpuSurface &, const Region &,
                                          Span<const float>, ThreadPool &);
template std::optional<Error> stageMatrix(CpuSurface &, const Region &,
                                          Span<const double>, ThreadPool &);

} // namespace anec::rt::cpu
