//===- AmxKernels.h - The parts of products on matrix units -----*- C++ -*-===//
//
// Internal to runtime/gemm. A number is split into parts of bf16, each the
// rest of those before it, rounded: fp16 is the sum of two parts and f32 that
// of three, without a remainder. A product is the sum of those of the parts,
// which are exact in f32; left out are those that are less than 2^-24 of it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_AMXKERNELS_H
#define ANEC_RUNTIME_GEMM_AMXKERNELS_H

#include "runtime/gemm/Kernels.h"

#include <cstdint>

namespace anec::rt::gemm_detail {

/// Rows of a tile, and numbers of f32 in a row.
constexpr int64_t amxTileRows = 16;
/// A panel has two tiles side by side.
constexpr int64_t amxPanelVectors = 2 * amxTileRows;
/// Terms of a row: of a step.
constexpr int64_t amxStepTerms = PanelElement<AmxRow>::terms;

/// Whether the CPU has AMX and the system lets this process use it.
bool hasAmx();

enum class Side { Left, Right };

/// Parts of a number at most.
constexpr int maxParts = 3;

/// Whether the product of part `left` and part `right` counts.
constexpr bool isPartOfProduct(int left, int right) { return left + right < 3; }

/// The packing of one side. An element is 32 terms of a vector; `stride` is the
/// number of vectors in a panel, 16 or 32, times `parts`. Each step has its
/// first parts, then its second ones and so on:
///
/// Left      rows of 32 terms, vector after vector.
/// Right     16 rows of pairs along the terms, the vectors side by side.
///
/// Vectors beyond the width are zero, and so are terms behind the last.
const Packing<AmxRow> &amxLeftPacking(int parts);
const Packing<AmxRow> &amxRightPacking(int parts);

/// `outer` is the side whose parts take turns last: that which was on the left
/// before a product was transposed, which keeps the bits of its sums.
const Tiles<AmxRow> &amxTiles(int leftParts, int rightParts,
                              Side outer = Side::Left);

/// Packing and tiles for operands of so many parts each: 1, 2 or 3 of the left
/// and of the right one, 1 of both or of neither. Only where there is AMX.
inline Kernels<AmxRow> amxKernels(int leftParts, int rightParts,
                                  Side outer = Side::Left) {
  return {amxTiles(leftParts, rightParts, outer), amxLeftPacking(leftParts),
          amxRightPacking(rightParts)};
}

/// Lets the calling thread use tiles while this lives.
class AmxTileState {
public:
  AmxTileState();
  ~AmxTileState();
  AmxTileState(const AmxTileState &) = delete;
  AmxTileState &operator=(const AmxTileState &) = delete;
};

/// Runs `rounds` rounds of four products of tiles that touch no memory; returns
/// their operations.
double multiplyTiles(int64_t rounds);

} // namespace anec::rt::gemm_detail

#endif // ANEC_RUNTIME_GEMM_AMXKERNELS_H
