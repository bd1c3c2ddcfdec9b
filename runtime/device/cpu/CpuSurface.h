//===- CpuSurface.h - Surface memory ----------------------------*- C++ -*-===//
//
// A surface is one contiguous array [channels, width], but a weight that only
// products read is kept as packed matrices instead, in each orientation that
// some program asked for: its part of the array is never touched.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H
#define ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H

#include "runtime/device/Device.h"
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/support/PageBuffer.h"

#include <deque>

namespace anec::rt {
class ThreadPool;
}

namespace anec::rt::cpu {

/// The rectangle of a surface that a program reads, without its port.
struct SurfacePart {
  int64_t channel = 0, channels = 0, column = 0, columns = 0;
};

/// The rectangle that a region takes, with all its blocks.
SurfacePart partOf(const Region &region);

class CpuSurface : public Surface {
public:
  /// Zeroed. InvalidInput when a region does not fit, Io when the memory does
  /// not.
  static Result<std::unique_ptr<CpuSurface>> create(const SurfaceSpec &spec,
                                                    ElementType type);

  const SurfaceSpec &spec() const override { return description; }
  ElementType type() const { return elementType; }
  uint8_t *data() const { return memory.data(); }

  /// The weight region that is exactly `part`, packed as it is or transposed,
  /// from now on kept so; null when there is no such region.
  const PackedMatrix *packed(const SurfacePart &part, bool transposed,
                             ThreadPool &pool);
  /// From now on the array holds the weights that touch `part`.
  void keepInPlace(const SurfacePart &part);

  /// Writes `master`, a matrix in natural order, into a weight region;
  /// InvalidInput when it has another number of elements.
  template <typename T>
  std::optional<Error> stage(RegionId region, Span<const T> master,
                             ThreadPool &pool);

  /// Takes new values of a weight region row by row; null when the array must
  /// hold them too, or when they are reordered on their way.
  std::unique_ptr<RowStaging> stageRows(RegionId region);

private:
  /// How a region's values are kept.
  struct Weight {
    bool isStaged = false;
    /// The array holds the current values.
    bool isInPlace = false;
    /// Some program reads the array.
    bool mustBeInPlace = false;
    struct Form {
      bool transposed;
      PackedMatrix matrix;
    };
    /// Few: their addresses must not change.
    std::deque<Form> forms;
  };

  template <typename T>
  void packStaged(const Region &region, Weight &weight, Span<const T> master,
                  ThreadPool &pool);
  void bringInPlace(const Region &region, Weight &weight);
  Matrix matrixOf(const Region &region) const;

  CpuSurface(SurfaceSpec spec, ElementType type, PageBuffer memory)
      : description(std::move(spec)), elementType(type),
        memory(std::move(memory)), weights(description.regions.size()) {}

  SurfaceSpec description;
  ElementType elementType;
  PageBuffer memory;
  /// By region; unused for activations.
  std::vector<Weight> weights;
};

/// Bytes of one element.
int64_t elementSize(ElementType type);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H
