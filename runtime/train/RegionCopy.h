//===- RegionCopy.h - Between buffers and surfaces --------------*- C++ -*-===//
//
// Moves one logical matrix between host memory and a mapped region, with the
// conversion of width and the order the region declares.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_REGIONCOPY_H
#define ANEC_RUNTIME_TRAIN_REGIONCOPY_H

#include "runtime/device/Device.h"

namespace anec::rt {

class ThreadPool;

/// The region's logical matrix, row-major (rows and columns exchanged when the
/// region is transposed), into the surface. Narrowing rounds to nearest even.
template <typename Real>
void writeRegion(const Real *matrix, const SurfaceMap &map, ThreadPool &pool);

/// The reverse.
template <typename Real>
void readRegion(const SurfaceMap &map, Real *matrix, ThreadPool &pool);

/// Some rows of it, for regions in natural order.
template <typename Real>
void readRows(const SurfaceMap &map, int64_t first, int64_t count,
              Real *matrix);

/// Between regions of two surfaces, without another width in between. False,
/// and nothing is done, when they store their matrix in different orders or
/// widths.
bool copyRegion(const SurfaceMap &from, const SurfaceMap &to, ThreadPool &pool);

/// stored[r][c] of a logical `rows` x `columns` matrix under `order`, in
/// `type`.
template <typename Real>
BakedWeight bakeMatrix(const Real *matrix, int64_t rows, int64_t columns,
                       const MatrixOrder &order, ElementType type);

/// Bytes of one element.
size_t elementBytes(ElementType type);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_REGIONCOPY_H
