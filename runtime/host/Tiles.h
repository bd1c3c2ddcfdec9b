//===- Tiles.h - The fixed sizes work is cut into ---------------*- C++ -*-===//
//
// Host kernels cut their work into tiles of these sizes, never by the number
// of threads, so that any thread count gives the same bits.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_HOST_TILES_H
#define ANEC_RUNTIME_HOST_TILES_H

#include <cstdint>

namespace anec::rt {

/// Columns (tokens) a kernel walks together: one tile of a row fits a few
/// cache lines, and its partial sums stay in registers and L1.
constexpr int64_t tokenTile = 64;

/// Elements of an element-wise tile.
constexpr int64_t elementTile = 1 << 14;

/// Features of a tile of a kernel that works feature by feature.
constexpr int64_t featureTile = 16;

} // namespace anec::rt

#endif // ANEC_RUNTIME_HOST_TILES_H
