//===- CpuSurface.cpp - Surface memory ------------------------------------===//
//
// Allocation, and which of its forms each weight is kept in.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuSurface.h"

#include "runtime/device/RegionMemory.h"
#include "runtime/support/AlignedBuffer.h"

#include <cstring>

namespace anec::rt::cpu {

/// Of surfaces that products may read packed: those of f64 are not.
static MatrixType matrixTypeOf(ElementType type) {
  return type == ElementType::F16 ? MatrixType::F16 : MatrixType::F32;
}

/// Before the columns of `part` are touched: gives the surface memory of its
/// own where others may use them.
void CpuSurface::use(const SurfacePart &part, bool isKept) {
  if (array->use(part, isKept))
    return;
  auto own = std::make_shared<SurfaceArray>(description, elementType, 1,
                                            /*inTurn=*/false);
  const int64_t size = elementSize(elementType), width = description.width;
  for (size_t i = 0; i < weights.size(); ++i) {
    const Region &region = description.regions[i];
    if (region.kind == RegionKind::Weight && !weights[i].isInPlace)
      continue;
    const SurfacePart held = partOf(region);
    for (int64_t c = held.channel; c < held.channel + held.channels; ++c) {
      const int64_t first = (c * width + held.column) * size;
      std::memcpy(own->data(0) + first, data() + first,
                  size_t(held.columns * size));
    }
  }
  array = std::move(own);
  index = 0;
}

void CpuSurface::useWhole() {
  use({0, description.channels, 0, description.width}, /*isKept=*/false);
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
  if (!weight.isInPlace)
    return std::nullopt;
  use(partOf(region), /*isKept=*/true);
  stageRegion(region, master.data(), elementType, data(), description.width,
              pool);
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
    Region whole = region;
    whole.channel = whole.column = 0;
    whole.blockRows = region.rows;
    ordered.reserve(region.rows * region.columns * elementSize(elementType));
    stageRegion(whole, master.data(), elementType, ordered.data(),
                region.columns, pool);
    stored = ConstMatrix(ordered.data(), matrixTypeOf(elementType),
                         region.columns, 1);
  }
  for (Weight::Form &form : weight.forms)
    form.matrix.pack(form.transposed ? stored.transposed() : stored, pool);
}

namespace {

/// Packs rows into matrices of both orientations.
class PackingRows : public RowStaging {
public:
  PackingRows(int64_t columns, std::vector<PackedMatrix *> asRows,
              std::vector<PackedMatrix *> asTerms)
      : columns(columns), asRows(std::move(asRows)),
        asTerms(std::move(asTerms)) {}

  int64_t rowAlignment() const override {
    return asRows.empty() ? 1 : asRows.front()->panelRows();
  }
  void put(int64_t first, int64_t count, const float *values) override {
    for (PackedMatrix *matrix : asRows)
      matrix->packRows(first, count, ConstMatrix(values, columns, 1));
    for (PackedMatrix *matrix : asTerms)
      matrix->packTerms(first, count, ConstMatrix(values, 1, columns));
  }

private:
  int64_t columns;
  std::vector<PackedMatrix *> asRows, asTerms;
};

} // namespace

std::unique_ptr<RowStaging> CpuSurface::stageRows(RegionId id) {
  const Region &region = description.regions[id];
  Weight &weight = weights[id];
  const MatrixOrder &order = region.order;
  if (weight.forms.empty() || weight.mustBeInPlace || !order.rowOrder.empty() ||
      !order.columnOrder.empty())
    return nullptr;
  std::vector<PackedMatrix *> asRows, asTerms;
  for (Weight::Form &form : weight.forms)
    (form.transposed == order.transposed ? asRows : asTerms)
        .push_back(&form.matrix);
  weight.isStaged = true;
  weight.isInPlace = false;
  return std::make_unique<PackingRows>(order.transposed ? region.rows
                                                        : region.columns,
                                       std::move(asRows), std::move(asTerms));
}

/// The region inside the array; it is not folded.
Matrix CpuSurface::matrixOf(const Region &region) const {
  return Matrix(data() + (region.channel * description.width + region.column) *
                             elementSize(elementType),
                matrixTypeOf(elementType), description.width, 1);
}

void CpuSurface::bringInPlace(const Region &region, Weight &weight) {
  if (!weight.isStaged || weight.isInPlace)
    return;
  use(partOf(region), /*isKept=*/true);
  const Weight::Form &form = weight.forms.front();
  Matrix place = matrixOf(region);
  if (form.transposed)
    std::swap(place.rowStride, place.columnStride);
  form.matrix.unpack(place);
  weight.isInPlace = true;
}

void CpuSurface::keepInPlace(const SurfacePart &part) {
  use(part, /*isKept=*/false);
  for (size_t i = 0; i < weights.size(); ++i) {
    const Region &region = description.regions[i];
    if (region.kind != RegionKind::Weight || weights[i].mustBeInPlace ||
        !touch(partOf(region), part))
      continue;
    use(partOf(region), /*isKept=*/true);
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
    PackedMatrix matrix(transposed ? region.columns : region.rows,
                        transposed ? region.rows : region.columns,
                        matrixTypeOf(elementType));
    // Before anything is staged programs say what they need: nothing is placed.
    if (weight.isStaged) {
      bringInPlace(region, weight);
      const Matrix place = matrixOf(region);
      const ConstMatrix stored(place.data, place.type, place.rowStride,
                               place.columnStride);
      matrix.pack(transposed ? stored.transposed() : stored, pool);
    }
    weight.forms.push_back({transposed, std::move(matrix)});
    return &weight.forms.back().matrix;
  }
  return nullptr;
}

template std::optional<Error> CpuSurface::stage(RegionId, Span<const float>,
                                                ThreadPool &);
template std::optional<Error> CpuSurface::stage(RegionId, Span<const double>,
                                                ThreadPool &);

} // namespace anec::rt::cpu
