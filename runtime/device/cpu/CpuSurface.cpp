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
  // Weights may be kept packed, outside of this memory.
  const bool hasWeights = std::any_of(
      spec.regions.begin(), spec.regions.end(),
      [](const Region &region) { return region.kind == RegionKind::Weight; });
  ANEC_ASSIGN(PageBuffer memory,
              PageBuffer::create(static_cast<size_t>(bytes),
                                 hasWeights ? PageBuffer::Use::Sparse
                                            : PageBuffer::Use::Dense));
  return std::unique_ptr<CpuSurface>(
      new CpuSurface(spec, type, std::move(memory)));
}

/// Writes all stored rows of `region` into an array of the shape of `spec`.
template <typename T>
static void stageRows(const SurfaceSpec &spec, const Region &region,
                      const T *master, ElementType type, void *data,
                      ThreadPool &pool) {
  // Pieces are whole strips of at least a few thousand elements.
  const int64_t strips =
      std::max<int64_t>(1, 16384 / (stripRows * region.columns));
  auto stage = [&](auto *surface, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row += stripRows)
      stageStrip(spec, region, master, surface, row,
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

template <typename T>
std::optional<Error> CpuSurface::stage(RegionId id, Span<const T> master,
                                       ThreadPool &pool) {
  const Region &region = description.regions[id];
  if (static_cast<int64_t>(master.size()) != region.rows * region.columns)
    return makeError(ErrorCode::InvalidInput,
                     "surface '{}', region '{}': expected {} values, found {}",
                     description.name, region.name,
                     region.rows * region.columns, master.size());
  Weight &weight = weights[id];
  weight.isStaged = true;
  packStaged(region, weight, master, pool);
  weight.isInPlace = weight.mustBeInPlace || weight.forms.empty();
  if (weight.isInPlace)
    stageRows(description, region, master.data(), elementType, data(), pool);
  return std::nullopt;
}

/// Packs new values, straight from the master where its order is that of the
/// region.
template <typename T>
void CpuSurface::packStaged(const Region &region, Weight &weight,
                            Span<const T> master, ThreadPool &pool) {
  if (weight.forms.empty())
    return;
  const MatrixOrder &order = region.order;
  ConstMatrix stored;
  AlignedBuffer<uint8_t> ordered;
  if (sizeof(T) == 4 && order.rowOrder.empty() && order.columnOrder.empty()) {
    stored = order.transposed ? ConstMatrix(master.data(), 1, region.rows)
                              : ConstMatrix(master.data(), region.columns, 1);
  } else {
    SurfaceSpec alone{"", region.rows, region.columns, {}};
    Region whole = region;
    whole.channel = whole.column = 0;
    whole.blockRows = region.rows;
    ordered.reserve(region.rows * region.columns * elementSize(elementType));
    stageRows(alone, whole, master.data(), elementType, ordered.data(), pool);
    stored = ConstMatrix(ordered.data(),
                         elementType == ElementType::F16 ? MatrixType::F16
                                                         : MatrixType::F32,
                         region.columns, 1);
  }
  for (Weight::Form &form : weight.forms)
    form.matrix.pack(form.transposed ? stored.transposed() : stored, pool);
}

/// The region inside the array; it is not folded.
Matrix CpuSurface::matrixOf(const Region &region) const {
  return Matrix(data() + (region.channel * description.width + region.column) *
                             elementSize(elementType),
                elementType == ElementType::F16 ? MatrixType::F16
                                                : MatrixType::F32,
                description.width, 1);
}

void CpuSurface::bringInPlace(const Region &region, Weight &weight) {
  if (!weight.isStaged || weight.isInPlace)
    return;
  const Weight::Form &form = weight.forms.front();
  Matrix place = matrixOf(region);
  if (form.transposed)
    std::swap(place.rowStride, place.columnStride);
  form.matrix.unpack(place);
  weight.isInPlace = true;
}

SurfacePart partOf(const Region &region) {
  const int64_t blocks =
      (region.rows + region.blockRows - 1) / region.blockRows;
  return {region.channel, std::min(region.rows, region.blockRows),
          region.column, blocks * region.columns};
}

static bool touch(const SurfacePart &a, const SurfacePart &b) {
  return a.channel < b.channel + b.channels &&
         b.channel < a.channel + a.channels &&
         a.column < b.column + b.columns && b.column < a.column + a.columns;
}

void CpuSurface::keepInPlace(const SurfacePart &part) {
  for (size_t i = 0; i < weights.size(); ++i) {
    const Region &region = description.regions[i];
    if (region.kind != RegionKind::Weight || weights[i].mustBeInPlace ||
        !touch(partOf(region), part))
      continue;
    bringInPlace(region, weights[i]);
    weights[i].mustBeInPlace = true;
  }
}

const PackedMatrix *CpuSurface::packed(const SurfacePart &part, bool transposed,
                                       ThreadPool &pool) {
  for (size_t i = 0; i < weights.size(); ++i) {
    const Region &region = description.regions[i];
    if (region.kind != RegionKind::Weight || region.rows > region.blockRows ||
        region.channel != part.channel || region.rows != part.channels ||
        region.column != part.column || region.columns != part.columns)
      continue;
    Weight &weight = weights[i];
    for (const Weight::Form &form : weight.forms)
      if (form.transposed == transposed)
        return &form.matrix;
    bringInPlace(region, weight);
    const Matrix place = matrixOf(region);
    const ConstMatrix stored(place.data, place.type, place.rowStride,
                             place.columnStride);
    weight.forms.push_back(
        {transposed,
         PackedMatrix(transposed ? region.columns : region.rows,
                      transposed ? region.rows : region.columns, place.type)});
    if (weight.isStaged)
      weight.forms.back().matrix.pack(transposed ? stored.transposed() : stored,
                                      pool);
    return &weight.forms.back().matrix;
  }
  return nullptr;
}

template std::optional<Error> CpuSurface::stage(RegionId, Span<const float>,
                                                ThreadPool &);
template std::optional<Error> CpuSurface::stage(RegionId, Span<const double>,
                                                ThreadPool &);

} // namespace anec::rt::cpu
