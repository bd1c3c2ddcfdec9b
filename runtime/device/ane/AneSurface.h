//===- AneSurface.h - A surface in shared memory ----------------*- C++ -*-===//
//
// Regions of the plan in an IOSurface, with the row stride that the engine is
// expected to use.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_ANE_ANESURFACE_H
#define ANEC_RUNTIME_DEVICE_ANE_ANESURFACE_H

#include "runtime/device/ane/Framework.h"
#include "runtime/support/Half.h"

#include <functional>

namespace anec::rt {
class ThreadPool;
}

namespace anec::rt::ane {

class AneSurface : public Surface {
public:
  /// Zeroed, at least `minimumBytes` long. `onRelease` is called with the
  /// system's surface before it is given back.
  static Result<std::unique_ptr<AneSurface>>
  create(std::shared_ptr<const Framework> framework, const SurfaceSpec &spec,
         int64_t minimumBytes, std::function<void(Id)> onRelease);
  ~AneSurface() override { onRelease(memory.get()); }

  const SurfaceSpec &spec() const override { return description; }
  Id get() const { return memory.get(); }
  int64_t bytes() const { return memory.bytes(); }
  bool isMapped() const { return maps > 0; }

  /// Makes it at least `bytes` long and keeps what is in it. The system's
  /// surface is another one afterwards.
  std::optional<Error> grow(int64_t bytes);

  template <typename T>
  std::optional<Error> stage(RegionId region, Span<const T> master,
                             ThreadPool &pool);
  Result<std::unique_ptr<SurfaceMap>> map(const Region &region, Access access);

  /// All elements, without padding.
  Result<std::vector<half>> elements() const;
  /// Whether every element is zero.
  Result<bool> isZero() const;

private:
  class Map;
  AneSurface(std::shared_ptr<const Framework> framework, SurfaceSpec spec,
             IOMemory memory, std::function<void(Id)> onRelease)
      : framework(std::move(framework)), description(std::move(spec)),
        memory(std::move(memory)), onRelease(std::move(onRelease)) {}
  /// Elements between two channels.
  int64_t rowStride() const;

  std::shared_ptr<const Framework> framework;
  SurfaceSpec description;
  IOMemory memory;
  std::function<void(Id)> onRelease;
  int maps = 0;
};

} // namespace anec::rt::ane

#endif // ANEC_RUNTIME_DEVICE_ANE_ANESURFACE_H
