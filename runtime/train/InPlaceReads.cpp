//===- InPlaceReads.cpp - Reads that products do without a copy -----------===//

#include "runtime/train/InPlaceReads.h"

#include "runtime/train/StepUses.h"

#include <algorithm>

namespace anec::rt {
namespace {

class Finder {
public:
  explicit Finder(const Plan &plan) : plan(plan) {}

  InPlaceReads find() {
    forEachPlace(plan, [&](const StepPlace &place) { look(place); });
    return std::move(found);
  }

private:
  void look(const StepPlace &place) {
    const Step &read = (*place.steps)[place.index];
    if (read.kind != Step::Kind::Read ||
        plan.buffers[read.value.id].count != 1 || !isStoredAsValue(plan, read))
      return;
    std::vector<std::pair<const Step *, size_t>> users;
    if (!collect(place, users) || users.empty())
      return;
    found.reads.insert(&read);
    for (const auto &user : users)
      found.operands[user] = &read;
  }

  /// The operands that use what was read; false when some other step does, or
  /// when the surface may have changed by then.
  bool collect(const StepPlace &place,
               std::vector<std::pair<const Step *, size_t>> &users) const {
    const Step &read = (*place.steps)[place.index];
    const size_t buffer = read.value.id;
    bool isStale = false;
    for (size_t i = place.index + 1; i < place.steps->size(); ++i) {
      const Step &step = (*place.steps)[i];
      if (reads(step, buffer)) {
        // Whose operands may be views.
        if (isStale || !isProductOfTokens(step))
          return false;
        for (size_t o = 0; o < step.operands.size(); ++o)
          if (step.operands[o].kind == ValueRef::Kind::Buffer &&
              step.operands[o].id == buffer)
            users.push_back({&step, o});
      }
      if (writes(step, buffer))
        return true;
      isStale |= writesSurface(step, read.from.at.surface);
    }
    StepPlace last = place;
    last.index = place.steps->size() - 1;
    return !isReadAfter(last, buffer);
  }

  const Plan &plan;
  InPlaceReads found;
};

MatrixType typeOf(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return MatrixType::F16;
  case ElementType::F32:
    return MatrixType::F32;
  case ElementType::F64:
    break;
  }
  return MatrixType::F64;
}

} // namespace

bool isStoredAsValue(const Plan &plan, const Step &read) {
  const Region &region =
      plan.surfaces[read.from.at.surface].spec.regions[read.from.region];
  const std::vector<int64_t> &shape = plan.buffers[read.value.id].shape;
  return region.order.isNatural() && shape.size() == 3 &&
         region.rows == shape[2] && region.columns == shape[0] * shape[1];
}

InPlaceReads findInPlaceReads(const Plan &plan) { return Finder(plan).find(); }

std::vector<ConstMatrix> viewOf(const SurfaceMap &map) {
  const Region &region = map.region();
  const MatrixType type = typeOf(map.type());
  const int64_t bytes = map.type() == ElementType::F16   ? 2
                        : map.type() == ElementType::F32 ? 4
                                                         : 8;
  std::vector<ConstMatrix> blocks;
  for (int64_t row = 0; row < region.rows; row += region.blockRows) {
    const int64_t first = region.channel * map.rowStride() + region.column +
                          row / region.blockRows * region.columns;
    blocks.emplace_back(static_cast<const uint8_t *>(map.data()) +
                            first * bytes,
                        type, map.rowStride(), 1);
  }
  return blocks;
}

} // namespace anec::rt
