//===- PackedMatrix.cpp - A left operand ready for products ---------------===//
//
// Panel by panel, in slices that fit the first cache.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/PackedMatrix.h"

#include "runtime/gemm/Blocking.h"
#include "runtime/gemm/Kernels.h"
#include "runtime/support/PrefetchMemory.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cassert>

namespace anec::rt {

using namespace gemm_detail;

PackedMatrix::PackedMatrix(int64_t rows, int64_t depth, MatrixType type)
    : rowCount(rows), termCount(depth),
      panelHeight(evenPart(rows, bestTiles<float>().maxRows)),
      elementType(type),
      memory(size_t(ceilDiv(rows, panelHeight) * panelHeight * depth *
                    elementBytes(type))) {
  assert(type != MatrixType::F64 && "only F16 and F32 are packed");
}

const void *PackedMatrix::at(int64_t panel, int64_t term) const {
  return memory.data() +
         (panel * termCount + term) * panelHeight * elementBytes(elementType);
}

/// `count` terms of a panel from the view `from`, which begins at its first.
void PackedMatrix::packPart(int64_t panel, int64_t term, int64_t count,
                            const ConstMatrix &from) {
  const Packing<float> &packing = bestPacking<float>();
  const int64_t height = std::min(panelHeight, rowCount - panel * panelHeight);
  void *target = const_cast<void *>(at(panel, term));
  if (elementType == MatrixType::F16)
    packing.packHalves(from, height, count, panelHeight,
                       static_cast<half *>(target));
  else
    packing.pack(from, height, count, panelHeight,
                 static_cast<float *>(target));
}

void PackedMatrix::pack(const ConstMatrix &from, ThreadPool &pool) {
  pool.parallelFor(ceilDiv(rowCount, panelHeight), [&](int64_t panel) {
    packRows(panel * panelHeight,
             std::min(panelHeight, rowCount - panel * panelHeight),
             offset(from, panel * panelHeight, 0));
  });
}

void PackedMatrix::packRows(int64_t row, int64_t count,
                            const ConstMatrix &from) {
  assert(row % panelHeight == 0 &&
         (count % panelHeight == 0 || row + count == rowCount) &&
         "rows of whole panels");
  for (int64_t done = 0; done < count; done += panelHeight)
    packPart((row + done) / panelHeight, 0, termCount, offset(from, done, 0));
}

void PackedMatrix::packTerms(int64_t term, int64_t count,
                             const ConstMatrix &from) {
  // A few lines of each panel, far from those of the next.
  constexpr int64_t panelsAhead = 2;
  const int64_t bytes = count * panelHeight * elementBytes(elementType);
  for (int64_t row = 0; row < rowCount; row += panelHeight) {
    const int64_t panel = row / panelHeight, ahead = panel + panelsAhead;
    if (ahead * panelHeight < rowCount)
      prefetch(static_cast<const uint8_t *>(at(ahead, term)), bytes);
    packPart(panel, term, count, offset(from, row, 0));
  }
}

template <typename T>
static void unpackTo(const PackedMatrix &from, const Matrix &to) {
  for (int64_t row = 0; row < from.rows(); ++row) {
    const T *panel =
        static_cast<const T *>(from.at(row / from.panelRows(), 0)) +
        row % from.panelRows();
    T *target = static_cast<T *>(to.data) + row * to.rowStride;
    for (int64_t term = 0; term < from.depth(); ++term)
      target[term * to.columnStride] = panel[term * from.panelRows()];
  }
}

void PackedMatrix::unpack(const Matrix &to) const {
  assert(to.type == elementType && "unpacking does not convert");
  if (elementType == MatrixType::F16)
    unpackTo<half>(*this, to);
  else
    unpackTo<float>(*this, to);
}

} // namespace anec::rt
