//===- RegionMemory.h - Regions as memory -----------------------*- C++ -*-===//
//
// What every device with surfaces in plain memory does the same way: check
// that regions fit, and write parameter values where a region wants them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_REGIONMEMORY_H
#define ANEC_RUNTIME_DEVICE_REGIONMEMORY_H

#include "runtime/device/Device.h"

namespace anec::rt {

class ThreadPool;

/// InvalidInput unless the sizes are positive and every region is inside.
std::optional<Error> checkSurfaceSpec(const SurfaceSpec &spec);

/// Region `id` of `surface`. InvalidInput when there is none, or when it holds
/// something else than `kind`.
Result<const Region *> findRegion(const Surface &surface, RegionId id,
                                  RegionKind kind);

/// Writes `master`, a matrix in natural order, into a weight region of the
/// surface at `data`, whose channels are `rowStride` elements apart: permuted,
/// transposed, converted and folded.
template <typename T>
void stageRegion(const Region &region, const T *master, ElementType type,
                 void *data, int64_t rowStride, ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_DEVICE_REGIONMEMORY_H
