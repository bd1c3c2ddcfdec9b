//===- SurfaceTraffic.cpp - Bytes of surfaces the host touches ------------===//

#include "runtime/bundle/SurfaceTraffic.h"

#include <algorithm>

namespace anec::rt {

SurfaceTraffic::SurfaceTraffic(const Plan &plan, int64_t elementBytes)
    : plan(plan), elementBytes(elementBytes) {
  for (const PlanSurface &surface : plan.surfaces)
    seen.emplace_back(size_t(surface.count),
                      std::vector<bool>(surface.spec.regions.size(), false));
}

void SurfaceTraffic::hostReads(const RegionRef &ref, int64_t i) {
  std::vector<bool> &known = seenOf(ref.at, i);
  if (known[ref.region])
    return;
  known[ref.region] = true;
  const Region &region = regionsOf(ref.at)[ref.region];
  read += uint64_t(region.rows * region.columns * elementBytes);
}

void SurfaceTraffic::hostWrites(const RegionRef &ref, int64_t i) {
  std::vector<bool> &known = seenOf(ref.at, i);
  const std::vector<Region> &regions = regionsOf(ref.at);
  const Region &region = regions[ref.region];
  for (size_t other = 0; other < regions.size(); ++other)
    if (overlap(region, regions[other]))
      known[other] = false;
  written += uint64_t(region.rows * region.columns * elementBytes);
}

void SurfaceTraffic::deviceWrites(const SurfaceRef &ref, int64_t i) {
  std::vector<bool> &known = seenOf(ref, i);
  std::fill(known.begin(), known.end(), false);
}

} // namespace anec::rt
