//===- RegionCopy.cpp - Between buffers and surfaces ----------------------===//
//
// Rows in natural column order are converted in bulk; everything else goes
// element by element.
//
//===----------------------------------------------------------------------===//
#include "runtime/train/RegionCopy.h"

#include "runtime/support/Convert.h"
#include "runtime/support/PrefetchMemory.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>

namespace anec::rt {
namespace {

constexpr int64_t rowTile = 32;
/// Rows of surfaces lie far apart, and what is copied or goes through chains of
/// operators was written long ago.
constexpr int64_t rowsAhead = 6;

/// Position in the row-major logical matrix of stored row r, column c.
class Addresses {
public:
  /// `rows`, `columns`: of the stored matrix.
  Addresses(const MatrixOrder &order, int64_t rows, int64_t columns)
      : order(order), logicalColumns(order.transposed ? rows : columns) {}

  int64_t operator()(int64_t r, int64_t c) const {
    if (order.transposed)
      std::swap(r, c);
    if (!order.rowOrder.empty())
      r = order.rowOrder[size_t(r)];
    if (!order.columnOrder.empty())
      c = order.columnOrder[size_t(c)];
    return r * logicalColumns + c;
  }

  /// Whether stored rows are logical rows, each in natural order.
  bool rowsAreWhole() const {
    return !order.transposed && order.columnOrder.empty();
  }

private:
  const MatrixOrder &order;
  int64_t logicalColumns;
};

/// Calls use(pointer) with the surface's memory in its element type.
template <typename Use>
void withElements(ElementType type, void *data, const Use &use) {
  switch (type) {
  case ElementType::F16:
    return use(static_cast<half *>(data));
  case ElementType::F32:
    return use(static_cast<float *>(data));
  case ElementType::F64:
    return use(static_cast<double *>(data));
  }
}

/// The first element of stored row r of the region.
template <typename Element>
Element *rowAt(Element *surface, const SurfaceMap &map, int64_t r) {
  const Region &region = map.region();
  return surface + (region.channel + r % region.blockRows) * map.rowStride() +
         region.column + r / region.blockRows * region.columns;
}

template <typename Element>
ANEC_PREFETCH void prefetchRow(const Element *surface, const SurfaceMap &map,
                               int64_t r) {
  if (r < map.region().rows)
    prefetch(rowAt(surface, map, r), map.region().columns);
}

/// Calls row(surfaceRow, r) for each stored row r of the region.
template <typename Element, typename Row>
void forRows(Element *surface, const SurfaceMap &map, ThreadPool &pool,
             const Row &row) {
  const Region &region = map.region();
  pool.parallelTiles(region.rows, rowTile, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      row(rowAt(surface, map, r), r);
  });
}

} // namespace

template <typename Real>
void writeRegion(const Real *matrix, const SurfaceMap &map, ThreadPool &pool) {
  const Region &region = map.region();
  Addresses address(region.order, region.rows, region.columns);
  withElements(map.type(), map.data(), [&](auto *surface) {
    using Element = std::remove_pointer_t<decltype(surface)>;
    forRows(surface, map, pool, [&](Element *to, int64_t r) {
      if (address.rowsAreWhole())
        return convert(matrix + address(r, 0), to, region.columns);
      for (int64_t c = 0; c < region.columns; ++c)
        to[c] = Element(matrix[address(r, c)]);
    });
  });
}

template <typename Real>
void readRegion(const SurfaceMap &map, Real *matrix, ThreadPool &pool) {
  const Region &region = map.region();
  Addresses address(region.order, region.rows, region.columns);
  withElements(map.type(), map.data(), [&](auto *surface) {
    using Element = std::remove_pointer_t<decltype(surface)>;
    forRows(surface, map, pool, [&](Element *from, int64_t r) {
      if (address.rowsAreWhole())
        return convert(static_cast<const Element *>(from),
                       matrix + address(r, 0), region.columns);
      for (int64_t c = 0; c < region.columns; ++c)
        matrix[address(r, c)] = Real(from[c]);
    });
  });
}

template <typename Real>
void readRows(const SurfaceMap &map, int64_t first, int64_t count,
              Real *matrix) {
  const int64_t columns = map.region().columns;
  withElements(map.type(), map.data(), [&](auto *surface) {
    using Element = std::remove_pointer_t<decltype(surface)>;
    for (int64_t r = first; r < first + count; ++r, matrix += columns) {
      prefetchRow(surface, map, r + rowsAhead);
      convert(static_cast<const Element *>(rowAt(surface, map, r)), matrix,
              columns);
    }
  });
}

bool copyRegion(const SurfaceMap &from, const SurfaceMap &to,
                ThreadPool &pool) {
  const Region &source = from.region(), &target = to.region();
  const bool isAlike = from.type() == to.type() && source.rows == target.rows &&
                       source.columns == target.columns &&
                       source.order.transposed == target.order.transposed &&
                       source.order.rowOrder == target.order.rowOrder &&
                       source.order.columnOrder == target.order.columnOrder;
  if (!isAlike)
    return false;
  withElements(from.type(), from.data(), [&](auto *surface) {
    using Element = std::remove_pointer_t<decltype(surface)>;
    forRows(static_cast<Element *>(to.data()), to, pool,
            [&](Element *row, int64_t r) {
              prefetchRow(surface, from, r + rowsAhead);
              prefetchRow(static_cast<Element *>(to.data()), to, r + rowsAhead);
              std::copy_n(rowAt(surface, from, r), source.columns, row);
            });
  });
  return true;
}

template <typename Real>
BakedWeight bakeMatrix(const Real *matrix, int64_t rows, int64_t columns,
                       const MatrixOrder &order, ElementType type) {
  if (order.transposed)
    std::swap(rows, columns);
  Addresses address(order, rows, columns);
  BakedWeight result;
  result.type = type;
  result.bytes.resize(size_t(rows * columns) * elementBytes(type));
  withElements(type, result.bytes.data(), [&](auto *to) {
    using Element = std::remove_pointer_t<decltype(to)>;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c)
        to[r * columns + c] = Element(matrix[address(r, c)]);
  });
  return result;
}

size_t elementBytes(ElementType type) {
  return type == ElementType::F16 ? 2 : type == ElementType::F32 ? 4 : 8;
}

#define ANEC_INSTANTIATE(Real)                                                 \
  template void writeRegion(const Real *, const SurfaceMap &, ThreadPool &);   \
  template void readRegion(const SurfaceMap &, Real *, ThreadPool &);          \
  template void readRows(const SurfaceMap &, int64_t, int64_t, Real *);        \
  template BakedWeight bakeMatrix(const Real *, int64_t, int64_t,              \
                                  const MatrixOrder &, ElementType);
ANEC_INSTANTIATE(float)
ANEC_INSTANTIATE(double)
#undef ANEC_INSTANTIATE

} // namespace anec::rt
