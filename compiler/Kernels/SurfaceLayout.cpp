//===- SurfaceLayout.cpp - Where matrices lie in one surface --------------===//

#include "compiler/Kernels/SurfaceLayout.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

namespace anec {

static int64_t roundUp(int64_t value, int64_t granule) {
  return (value + granule - 1) / granule * granule;
}

/// A matrix in blocks of at most `channels` rows.
static Placement fold(int64_t rows, int64_t columns, int64_t channels,
                      bool transposed) {
  Placement placement;
  placement.rows = rows;
  placement.columns = columns;
  placement.blockRows = std::min(rows, channels);
  placement.transposed = transposed;
  return placement;
}

static Placement place(const PackedMatrix &matrix, int64_t channels) {
  Placement natural =
      fold(matrix.rows, matrix.columns, channels, /*transposed=*/false);
  if (matrix.kind != PackedMatrix::Kind::Weight)
    return natural;
  Placement turned =
      fold(matrix.columns, matrix.rows, channels, /*transposed=*/true);
  // Unfolded before folded, then the narrower, then the natural one.
  bool naturalFits = natural.blocks() == 1, turnedFits = turned.blocks() == 1;
  if (naturalFits != turnedFits)
    return naturalFits ? natural : turned;
  return turned.blocks() * turned.columns < natural.blocks() * natural.columns
             ? turned
             : natural;
}

static SurfaceLayout layOut(const std::vector<PackedMatrix> &matrices,
                            int64_t channels) {
  SurfaceLayout layout;
  layout.channels = channels;
  layout.placements.resize(matrices.size());
  int64_t column = 0;
  auto placeAll = [&](PackedMatrix::Kind kind, int64_t granule) {
    for (size_t i = 0; i < matrices.size(); ++i) {
      if (matrices[i].kind != kind)
        continue;
      Placement &placement = layout.placements[i];
      placement = place(matrices[i], channels);
      placement.column = column;
      column += roundUp(placement.blocks() * placement.columns, granule);
    }
    column = roundUp(column, surfaceGranule);
  };
  placeAll(PackedMatrix::Kind::Activation, surfaceGranule);
  placeAll(PackedMatrix::Kind::Weight, surfaceGranule);
  placeAll(PackedMatrix::Kind::Vector, 1);
  layout.width = column;
  return layout;
}

SurfaceLayout layOutSurface(const std::vector<PackedMatrix> &matrices,
                            int64_t maxSize, int64_t minElements,
                            int64_t columnGranule) {
  std::set<int64_t> heights;
  for (const PackedMatrix &matrix : matrices) {
    heights.insert(roundUp(matrix.rows, surfaceGranule));
    if (matrix.kind == PackedMatrix::Kind::Weight)
      heights.insert(roundUp(matrix.columns, surfaceGranule));
  }
  auto isTooLarge = [&](const SurfaceLayout &layout) {
    return layout.channels > maxSize || layout.width > maxSize;
  };
  SurfaceLayout best;
  for (int64_t height : heights) {
    SurfaceLayout layout = layOut(matrices, height);
    int64_t columns = (minElements + height - 1) / height;
    layout.width = roundUp(std::max(layout.width, columns), columnGranule);
    auto rank = [&](const SurfaceLayout &candidate) {
      return std::make_pair(isTooLarge(candidate),
                            candidate.channels * candidate.width);
    };
    if (best.channels == 0 || rank(layout) < rank(best))
      best = layout;
  }
  return best;
}

int64_t columnGranule(const rt::target::Profile &profile) {
  using rt::target::Rule;
  constexpr int64_t elementBytes = 2;
  int64_t granule = surfaceGranule;
  for (Rule rule : {Rule::IoRowStride, Rule::IoAlignM5})
    if (profile.refuses(rule))
      granule = std::lcm(granule, profile.limit(rule) / elementBytes);
  return granule;
}

} // namespace anec
