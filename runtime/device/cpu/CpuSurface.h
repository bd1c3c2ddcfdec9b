//===- CpuSurface.h - Surface memory ----------------------------*- C++ -*-===//
//
// A surface is one contiguous array [channels, width], but a weight that only
// products read is kept as packed matrices instead, in each orientation that
// some program asked for: its part of the array is never touched, and other
// surfaces of the same shape use it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H
#define ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H

#include "runtime/device/cpu/SurfaceArray.h"
#include "runtime/gemm/PackedMatrix.h"

#include <deque>
#include <memory>

namespace anec::rt {
class ThreadPool;
}

namespace anec::rt::cpu {

class CpuSurface : public Surface {
public:
  /// Surface `index` of those that share `array`.
  CpuSurface(const SurfaceSpec &spec, ElementType type,
             std::shared_ptr<SurfaceArray> array, int64_t index)
      : description(spec), elementType(type), array(std::move(array)),
        index(index), weights(spec.regions.size()) {}

  const SurfaceSpec &spec() const override { return description; }
  ElementType type() const { return elementType; }
  /// The array: zeros at first. Moves when parts of it are used that nobody
  /// had announced before the first call.
  uint8_t *data() const { return array->data(index); }
  /// From now on all of the array may be written.
  void useWhole();

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
  void use(const SurfacePart &part, bool isKept);
  Matrix matrixOf(const Region &region) const;

  SurfaceSpec description;
  ElementType elementType;
  std::shared_ptr<SurfaceArray> array;
  int64_t index;
  /// By region; unused for activations.
  std::vector<Weight> weights;
};

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_CPUSURFACE_H
