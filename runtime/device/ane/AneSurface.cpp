//===- AneSurface.cpp - A surface in shared memory ------------------------===//

#include "runtime/device/ane/AneSurface.h"

#include "runtime/device/RegionMemory.h"
#include "runtime/device/ane/Signature.h"
#include "runtime/target/Profile.h"

#include <algorithm>
#include <cstring>

namespace anec::rt::ane {

/// Sizes are rounded up to the pages of Apple silicon.
static int64_t pageBytes() {
  return target::strictProfile().limit(target::Rule::IoMinBytesHypothesis);
}

/// Holds the lock as long as somebody may touch the memory.
class AneSurface::Map : public SurfaceMap {
public:
  Map(AneSurface &surface, SurfaceLock held, const Region &region)
      : SurfaceMap(ElementType::F16, held.data(), surface.rowStride(), region),
        surface(surface), lock(std::move(held)) {
    ++surface.maps;
  }
  Map(Map &&) = delete;
  ~Map() override { --surface.maps; }

private:
  AneSurface &surface;
  SurfaceLock lock;
};

Result<std::unique_ptr<AneSurface>>
AneSurface::create(std::shared_ptr<const Framework> framework,
                   const SurfaceSpec &spec, int64_t minimumBytes,
                   std::function<void(Id)> onRelease) {
  ANEC_TRY(checkSurfaceSpec(spec));
  const int64_t bytes =
      roundUp(std::max(minimumBytes,
                       Port{spec.name, spec.channels, spec.width}.bytes()),
              pageBytes());
  ANEC_ASSIGN(IOMemory memory,
              IOMemory::create(framework->io, framework->cf, bytes));
  return std::unique_ptr<AneSurface>(new AneSurface(
      std::move(framework), spec, std::move(memory), std::move(onRelease)));
}

int64_t AneSurface::rowStride() const {
  return rowBytes(description.width) / 2;
}

std::optional<Error> AneSurface::grow(int64_t bytes) {
  if (bytes <= memory.bytes())
    return std::nullopt;
  ANEC_ASSIGN(IOMemory larger, IOMemory::create(framework->io, framework->cf,
                                                roundUp(bytes, pageBytes())));
  {
    ANEC_ASSIGN(SurfaceLock from,
                SurfaceLock::take(framework->io, memory.get(), Access::Read));
    ANEC_ASSIGN(SurfaceLock to,
                SurfaceLock::take(framework->io, larger.get(), Access::Write));
    std::memcpy(to.data(), from.data(), static_cast<size_t>(memory.bytes()));
  }
  onRelease(memory.get());
  memory = std::move(larger);
  return std::nullopt;
}

template <typename T>
std::optional<Error> AneSurface::stage(RegionId id, Span<const T> master,
                                       ThreadPool &pool) {
  const Region &region = description.regions[id];
  if (static_cast<int64_t>(master.size()) != region.rows * region.columns)
    return makeError(ErrorCode::InvalidInput,
                     "surface '{}', region '{}': expected {} values, found {}",
                     description.name, region.name,
                     region.rows * region.columns, master.size());
  ANEC_ASSIGN(SurfaceLock lock,
              SurfaceLock::take(framework->io, memory.get(), Access::Write));
  stageRegion(region, master.data(), ElementType::F16, lock.data(), rowStride(),
              pool);
  return std::nullopt;
}

Result<std::unique_ptr<SurfaceMap>> AneSurface::map(const Region &region,
                                                    Access access) {
  ANEC_ASSIGN(SurfaceLock lock,
              SurfaceLock::take(framework->io, memory.get(), access));
  return std::unique_ptr<SurfaceMap>(
      std::make_unique<Map>(*this, std::move(lock), region));
}

Result<std::vector<half>> AneSurface::elements() const {
  ANEC_ASSIGN(SurfaceLock lock,
              SurfaceLock::take(framework->io, memory.get(), Access::Read));
  const half *from = static_cast<const half *>(lock.data());
  std::vector<half> all;
  all.reserve(static_cast<size_t>(description.channels * description.width));
  for (int64_t c = 0; c < description.channels; ++c, from += rowStride())
    all.insert(all.end(), from, from + description.width);
  return Result<std::vector<half>>(std::move(all));
}

Result<bool> AneSurface::isZero() const {
  ANEC_ASSIGN(SurfaceLock lock,
              SurfaceLock::take(framework->io, memory.get(), Access::Read));
  // Results that are not zero show it in the first row, nearly always.
  const half *row = static_cast<const half *>(lock.data());
  for (int64_t c = 0; c < description.channels; ++c, row += rowStride())
    for (int64_t w = 0; w < description.width; ++w)
      if (static_cast<float>(row[w]) != 0)
        return false;
  return true;
}

template std::optional<Error> AneSurface::stage(RegionId, Span<const float>,
                                                ThreadPool &);
template std::optional<Error> AneSurface::stage(RegionId, Span<const double>,
                                                ThreadPool &);

} // namespace anec::rt::ane
