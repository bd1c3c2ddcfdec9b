//===- RegionMemory.h - Regions as memory -----------------------*- C++ -*-===//
//
// What every device with surfaces in plain memory does the same way: say which
// surface a tensor is, check that regions fit, and write parameter values where
// a region wants them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_REGIONMEMORY_H
#define ANEC_RUNTIME_DEVICE_REGIONMEMORY_H

#include "runtime/device/Device.h"

namespace anec::rt {

class ThreadPool;

/// The channels and columns that a parameter or output takes of its surface.
struct SurfaceShape {
  int64_t channels = 0, width = 0;
};

/// For a tensor [1, A, B, W], whose rows lie one after the other: A times B
/// channels. Nothing for other ranks, batches and unknown sizes.
std::optional<SurfaceShape> surfaceShape(const std::vector<int64_t> &dims);

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
