//===- SurfaceLayout.h - Where matrices lie in one surface ------*- C++ -*-===//
//
// Places the inputs of a kernel side by side in a surface [1,C,1,W]. Knows
// sizes, not MLIR.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_KERNELS_SURFACELAYOUT_H
#define ANEC_COMPILER_KERNELS_SURFACELAYOUT_H

#include "runtime/target/Profile.h"

#include <cstdint>
#include <vector>

namespace anec {

/// What both dimensions of a surface, and every region's first column, are a
/// multiple of: 64 bytes of fp16.
constexpr int64_t surfaceGranule = 32;

/// A matrix to place, [rows, columns].
struct PackedMatrix {
  enum class Kind { Activation, Weight, Vector } kind;
  int64_t rows = 0, columns = 0;
};

/// Where a matrix is; see rt::Region. `rows` and `columns` are as stored.
struct Placement {
  int64_t rows = 0, columns = 0;
  int64_t column = 0;
  int64_t blockRows = 0;
  bool transposed = false;

  int64_t blocks() const { return (rows + blockRows - 1) / blockRows; }
};

struct SurfaceLayout {
  int64_t channels = 0, width = 0;
  /// One for each matrix, in the given order.
  std::vector<Placement> placements;
};

/// The layout of least area among those at most `maxSize` high and wide, or
/// among all when none is: rejecting is verify-ane-target's business. The area
/// is at least `minElements`. Weights lie natural or transposed, whichever is
/// narrower; activations are never transposed; vectors share strips of one
/// column each; the width is a multiple of `columnGranule`. Whatever is taller
/// than the surface is folded into blocks side by side.
SurfaceLayout layOutSurface(const std::vector<PackedMatrix> &matrices,
                            int64_t maxSize, int64_t minElements,
                            int64_t columnGranule = surfaceGranule);

/// Columns of fp16 that the target wants rows of surfaces to be multiples of.
int64_t columnGranule(const rt::target::Profile &profile);

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_SURFACELAYOUT_H
