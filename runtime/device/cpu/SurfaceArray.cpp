//===- SurfaceArray.cpp - Memory of surfaces of one shape -----------------===//

#include "runtime/device/cpu/SurfaceArray.h"

#include <algorithm>
#include <new>

namespace anec::rt::cpu {
namespace {

/// As large as the smallest surface of the ANE, rule io-min-bytes.
constexpr int64_t minimumBytes = 49152;
/// Where surfaces in one array had better begin.
constexpr int64_t lineBytes = 64;

} // namespace

int64_t elementSize(ElementType type) {
  return type == ElementType::F16 ? 2 : type == ElementType::F32 ? 4 : 8;
}

SurfacePart partOf(const Region &region) {
  const int64_t blocks =
      (region.rows + region.blockRows - 1) / region.blockRows;
  return {region.channel, std::min(region.rows, region.blockRows),
          region.column, blocks * region.columns};
}

SurfaceArray::SurfaceArray(const SurfaceSpec &spec, ElementType type,
                           int64_t count, bool inTurn)
    : channels(spec.channels), width(spec.width), size(elementSize(type)),
      count(count), inTurn(inTurn) {
  // Weights may be kept packed, outside of this memory. Without them the whole
  // surface is in use.
  const bool hasWeights = std::any_of(
      spec.regions.begin(), spec.regions.end(),
      [](const Region &region) { return region.kind == RegionKind::Weight; });
  const ColumnUse activation = inTurn ? ColumnUse::InTurn : ColumnUse::Alone;
  uses.assign(size_t(width), hasWeights ? ColumnUse::None : activation);
  for (const Region &region : spec.regions)
    if (region.kind == RegionKind::Activation)
      use(partOf(region), /*isKept=*/false);
}

bool SurfaceArray::use(const SurfacePart &part, bool isKept) {
  const ColumnUse wanted =
      isKept || !inTurn ? ColumnUse::Alone : ColumnUse::InTurn;
  const auto begin = uses.begin() + part.column;
  for (auto use = begin; use != begin + part.columns; ++use) {
    if (*use >= wanted)
      continue;
    if (!first.empty() && count > 1)
      return false;
    *use = wanted;
  }
  return true;
}

void SurfaceArray::place() {
  std::vector<uint8_t *> placed;
  while (int64_t(placed.size()) < count) {
    const std::vector<int64_t> shifts =
        interleave(uses, count - int64_t(placed.size()),
                   std::max<int64_t>(lineBytes / size, 1));
    const int64_t bytes =
        std::max(minimumBytes, (channels * width + shifts.back()) * size);
    Result<PageBuffer> created = PageBuffer::create(size_t(bytes));
    if (!created)
      throw std::bad_alloc();
    for (int64_t shift : shifts)
      placed.push_back(created->data() + shift * size);
    memory.push_back(std::move(*created));
  }
  first = std::move(placed);
}

uint8_t *SurfaceArray::data(int64_t index) {
  if (first.empty())
    place();
  return first[size_t(index)];
}

} // namespace anec::rt::cpu
