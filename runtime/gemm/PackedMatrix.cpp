//===- PackedMatrix.cpp - A left operand ready for products ---------------===//
//
// Panel by panel, in slices that fit the first cache.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/PackedMatrix.h"

#include "runtime/gemm/AmxKernels.h"
#include "runtime/gemm/BlasKernels.h"
#include "runtime/gemm/Blocking.h"
#include "runtime/gemm/ZeroTerms.h"
#include "runtime/support/PrefetchMemory.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cassert>

namespace anec::rt {

using namespace gemm_detail;

constexpr int64_t stepTerms = amxStepTerms;

static int64_t panelRowsFor(MatrixUnit unit, int64_t rows) {
  switch (unit) {
  case MatrixUnit::None:
    return bestTiles<float>().panelRows(rows);
  case MatrixUnit::Amx:
    return amxTiles(1, 1).panelRows(rows);
  case MatrixUnit::Accelerate:
    return blasTiles().panelRows(rows);
  }
  __builtin_unreachable();
}

PackedMatrix::PackedMatrix(int64_t rows, int64_t depth, MatrixType type)
    : rowCount(rows), termCount(depth), packedFor(unitOfSums(depth)),
      depthOfPanels(hasSteps() ? ceilDiv(depth, stepTerms) * stepTerms : depth),
      panelHeight(panelRowsFor(packedFor, rows)), elementType(type),
      memory(size_t(ceilDiv(rows, panelHeight) * panelHeight * depthOfPanels *
                    elementBytes(type))) {
  assert(type != MatrixType::F64 && "only F16 and F32 are packed");
}

int64_t PackedMatrix::rowsOf(int64_t panel) const {
  return std::min(panelHeight, rowCount - panel * panelHeight);
}

int64_t PackedMatrix::placeOf(int64_t row, int64_t term) const {
  const int64_t panel = row / panelHeight, i = row % panelHeight;
  const int64_t first = panel * depthOfPanels * panelHeight;
  if (!hasSteps())
    return first + term * panelHeight + i;
  const int64_t inStep = term % stepTerms;
  return first + (term - inStep) * panelHeight + i * stepTerms + inStep;
}

const void *PackedMatrix::at(int64_t panel, int64_t term) const {
  return memory.data() +
         placeOf(panel * panelHeight, term) * elementBytes(elementType);
}

ConstMatrix PackedMatrix::view(int64_t panel, int64_t term) const {
  return ConstMatrix(at(panel, term), elementType, hasSteps() ? stepTerms : 1,
                     hasSteps() ? 1 : panelHeight);
}

bool PackedMatrix::isFinite(int64_t term, int64_t count) const {
  const int64_t together = hasSteps() ? stepTerms : count;
  for (int64_t panel = 0; panel * panelHeight < rowCount; ++panel)
    for (int64_t done = 0; done < count; done += together)
      if (!gemm_detail::isFinite(view(panel, term + done), rowsOf(panel),
                                 std::min(together, count - done)))
        return false;
  return true;
}

/// `count` terms of a panel from the view `from`, which begins at its first.
void PackedMatrix::packPart(int64_t panel, int64_t term, int64_t count,
                            const ConstMatrix &from) {
  if (hasSteps())
    return packInSteps(panel, term, count, from);
  const Packing<float> &packing = bestPacking<float>();
  void *target = const_cast<void *>(at(panel, term));
  if (elementType == MatrixType::F16)
    packing.packHalves(from, rowsOf(panel), count, panelHeight,
                       static_cast<half *>(target));
  else
    packing.pack(from, rowsOf(panel), count, panelHeight,
                 static_cast<float *>(target));
}

/// What Packing::packHalves does, of f32: others may write beside the elements.
static void copyNumbers(const ConstMatrix &from, int64_t width, int64_t depth,
                        int64_t stride, float *panel) {
  const auto copy = [&](const auto *data) {
    for (int64_t p = 0; p < depth; ++p)
      for (int64_t i = 0; i < width; ++i)
        panel[p * stride + i] = static_cast<float>(
            data[i * from.rowStride + p * from.columnStride]);
  };
  if (from.type == MatrixType::F16)
    copy(static_cast<const half *>(from.data));
  else
    copy(static_cast<const float *>(from.data));
}

/// The same step by step, each of which is a panel of its terms.
void PackedMatrix::packInSteps(int64_t panel, int64_t term, int64_t count,
                               const ConstMatrix &from) {
  const Packing<float> &packing = bestPacking<float>();
  for (int64_t done = 0, size = 0; done < count; done += size) {
    size = std::min(stepTerms - (term + done) % stepTerms, count - done);
    void *target = const_cast<void *>(at(panel, term + done));
    const ConstMatrix part = offset(from, 0, done).transposed();
    if (elementType == MatrixType::F16)
      packing.packHalves(part, size, rowsOf(panel), stepTerms,
                         static_cast<half *>(target));
    else
      copyNumbers(part, size, rowsOf(panel), stepTerms,
                  static_cast<float *>(target));
  }
}

void PackedMatrix::pack(const ConstMatrix &from, ThreadPool &pool) {
  pool.parallelFor(ceilDiv(rowCount, panelHeight), [&](int64_t panel) {
    packRows(panel * panelHeight, rowsOf(panel),
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
  const int64_t first = hasSteps() ? term / stepTerms * stepTerms : term;
  const int64_t end =
      hasSteps() ? ceilDiv(term + count, stepTerms) * stepTerms : term + count;
  const int64_t bytes = (end - first) * panelHeight * elementBytes(elementType);
  for (int64_t row = 0; row < rowCount; row += panelHeight) {
    const int64_t panel = row / panelHeight, ahead = panel + panelsAhead;
    if (ahead * panelHeight < rowCount)
      prefetch(static_cast<const uint8_t *>(at(ahead, first)), bytes);
    packPart(panel, term, count, offset(from, row, 0));
  }
}

void PackedMatrix::unpack(const Matrix &to) const {
  assert(to.type == elementType && "unpacking does not convert");
  const auto copy = [&](const auto *from, auto *target) {
    for (int64_t row = 0; row < rowCount; ++row)
      for (int64_t term = 0; term < termCount; ++term)
        target[row * to.rowStride + term * to.columnStride] =
            from[placeOf(row, term)];
  };
  if (elementType == MatrixType::F16)
    copy(reinterpret_cast<const half *>(memory.data()),
         static_cast<half *>(to.data));
  else
    copy(reinterpret_cast<const float *>(memory.data()),
         static_cast<float *>(to.data));
}

} // namespace anec::rt
