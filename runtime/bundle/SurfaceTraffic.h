//===- SurfaceTraffic.h - Bytes of surfaces the host touches ----*- C++ -*-===//
//
// The one definition of host_read and host_written: bytes of surface ranges,
// each range once per direction between two writes of it. The executor reports
// to it what it does, the bill what the plan says.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_BUNDLE_SURFACETRAFFIC_H
#define ANEC_RUNTIME_BUNDLE_SURFACETRAFFIC_H

#include "runtime/bundle/Plan.h"

namespace anec::rt {

/// Ranges are the regions of the plan; `i` is the variable of the enclosing
/// loop. A write of a region also writes those that overlap it.
class SurfaceTraffic {
public:
  /// `plan` must outlive this.
  SurfaceTraffic(const Plan &plan, int64_t elementBytes);

  void hostReads(const RegionRef &ref, int64_t i);
  void hostWrites(const RegionRef &ref, int64_t i);
  /// A dispatch writes all of a surface.
  void deviceWrites(const SurfaceRef &ref, int64_t i);

  uint64_t hostRead() const { return read; }
  uint64_t hostWritten() const { return written; }

private:
  std::vector<bool> &seenOf(const SurfaceRef &ref, int64_t i) {
    return seen[ref.surface][size_t(ref.index.at(i))];
  }
  const std::vector<Region> &regionsOf(const SurfaceRef &ref) const {
    return plan.surfaces[ref.surface].spec.regions;
  }

  const Plan &plan;
  int64_t elementBytes;
  uint64_t read = 0, written = 0;
  /// By surface, instance and region: read since it was last written.
  std::vector<std::vector<std::vector<bool>>> seen;
};

} // namespace anec::rt

#endif // ANEC_RUNTIME_BUNDLE_SURFACETRAFFIC_H
