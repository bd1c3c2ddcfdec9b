//===- CpuSurface.cpp - Surface memory ------------------------------------===//
//
// Allocation, and which of its forms each weight is kept in.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/CpuSurface.h"

#include "runtime/device/RegionMemory.h"
#include "runtime/support/AlignedBuffer.h"

#include <algorithm>

namespace anec::rt::cpu {

namespace {

/// As large as the smallest surface of the ANE, rule io-min-bytes.
constexpr int64_t minimumBytes = 49152;

} // namespace

int64_t elementSize(ElementType type) {
  return type == ElementType::F16 ? 2 : type == ElementType::F32 ? 4 : 8;
}

Result<std::unique_ptr<CpuSurface>> CpuSurface::create(const SurfaceSpec &spec,
                                                       ElementType type) {
  ANEC_TRY(checkSurfaceSpec(spec));
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
    stored = ConstMatrix(ordered.data(),
                         elementType == ElementType::F16 ? MatrixType::F16
                                                         : MatrixType::F32,
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
