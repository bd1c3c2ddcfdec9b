//===- PlanSurfaces.cpp - Surfaces that hold one value --------------------===//

#include "compiler/Transforms/PlanSurfaces.h"

using namespace mlir;
using namespace anec;

StringAttr PlanSurfaces::allocate(const PlanPort &port, int64_t count,
                                  Location loc) {
  // The free ones with the fewest instances that suffice.
  Entry *best = nullptr;
  for (Entry &entry : entries)
    if (entry.holders == 0 && entry.shape == port.shape &&
        entry.count >= count && (!best || entry.count < best->count))
      best = &entry;
  if (best) {
    best->holders = 1;
    return best->name;
  }
  auto name = builder.getStringAttr("s" + Twine(entries.size()));
  create(name, port, count, loc, /*isKept=*/false);
  return name;
}

void PlanSurfaces::keep(StringAttr name, const PlanPort &port, int64_t count,
                        Location loc) {
  if (!find(name))
    create(name, port, count, loc, /*isKept=*/true);
}

void PlanSurfaces::create(StringAttr name, const PlanPort &port, int64_t count,
                          Location loc, bool isKept) {
  NamedAttrList fields(cast<DictionaryAttr>(port.regions[0]));
  fields.set("name", builder.getStringAttr(region));
  plan::SurfaceOp::create(
      builder, loc, name, builder.getI64IntegerAttr(port.channels),
      builder.getI64IntegerAttr(port.width), builder.getI64IntegerAttr(count),
      builder.getArrayAttr(fields.getDictionary(builder.getContext())));
  entries.push_back({name, port.shape, count, 1, isKept});
}

bool PlanSurfaces::fits(StringAttr name, const PlanPort &port) const {
  const Entry *entry = find(name);
  return entry && entry->shape == port.shape;
}

void PlanSurfaces::hold(StringAttr name) {
  if (Entry *entry = find(name))
    ++entry->holders;
}

void PlanSurfaces::release(StringAttr name) {
  if (Entry *entry = find(name))
    --entry->holders;
}

void PlanSurfaces::releaseAll() {
  for (Entry &entry : entries)
    entry.holders = entry.isKept ? 1 : 0;
}

PlanSurfaces::Entry *PlanSurfaces::find(StringAttr name) {
  for (Entry &entry : entries)
    if (entry.name == name)
      return &entry;
  return nullptr;
}

const PlanSurfaces::Entry *PlanSurfaces::find(StringAttr name) const {
  return const_cast<PlanSurfaces *>(this)->find(name);
}
