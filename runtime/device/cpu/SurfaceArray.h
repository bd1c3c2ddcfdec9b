//===- SurfaceArray.h - Memory of surfaces of one shape ---------*- C++ -*-===//
//
// Decides where surfaces lie when the first of them is touched: by then
// programs have said which columns they read in place.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_SURFACEARRAY_H
#define ANEC_RUNTIME_DEVICE_CPU_SURFACEARRAY_H

#include "runtime/device/Device.h"
#include "runtime/device/cpu/Interleave.h"
#include "runtime/device/cpu/SurfacePart.h"
#include "runtime/support/PageBuffer.h"

namespace anec::rt::cpu {

/// The rectangle that a region takes, with all its blocks.
SurfacePart partOf(const Region &region);

/// Bytes of one element.
int64_t elementSize(ElementType type);

class SurfaceArray {
public:
  /// For `count` surfaces; `inTurn` as in Device::allocateAll.
  SurfaceArray(const SurfaceSpec &spec, ElementType type, int64_t count,
               bool inTurn);

  /// From now on the columns of `part` hold values: `isKept` when they are not
  /// needed in turn. False when it is too late: the surfaces lie where others
  /// may use these columns.
  bool use(const SurfacePart &part, bool isKept);

  /// The first element of surface `index`: zeroed memory that nobody else uses
  /// in the columns in use. Throws std::bad_alloc, as standard containers do.
  uint8_t *data(int64_t index);

private:
  void place();

  int64_t channels, width, size, count;
  bool inTurn;
  std::vector<ColumnUse> uses;
  std::vector<PageBuffer> memory;
  /// By surface; empty before they are placed.
  std::vector<uint8_t *> first;
};

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_SURFACEARRAY_H
