//===- PackedMatrix.cpp - A left operand ready for products ---------------===//
//
// Panel by panel, in slices that fit the first cache.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/PackedMatrix.h"

#include "runtime/gemm/Blocking.h"
#include "runtime/gemm/Kernels.h"
#include "runtime/support/Convert.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cassert>

namespace anec::rt {

using namespace gemm_detail;

PackedMatrix::PackedMatrix(int64_t rows, int64_t depth, MatrixType type)
    : rowCount(rows), termCount(depth),
      panelHeight(evenPart(rows, floatKernels().maxRows)), elementType(type),
      memory(ceilDiv(rows, panelHeight) * panelHeight * depth *
             elementBytes(type)) {
  assert(type != MatrixType::F64 && "only F16 and F32 are packed");
  std::fill_n(memory.data(), memory.capacity(), uint8_t(0));
}

const void *PackedMatrix::at(int64_t panel, int64_t term) const {
  return memory.data() +
         (panel * termCount + term) * panelHeight * elementBytes(elementType);
}

void PackedMatrix::pack(const ConstMatrix &from, ThreadPool &pool) {
  const Kernels<float> &kernels = floatKernels();
  auto packPanel = [&](int64_t panel) {
    const int64_t row = panel * panelHeight;
    const int64_t height = std::min(panelHeight, rowCount - row);
    AlignedBuffer<float> widened(
        elementType == MatrixType::F16 ? maxDepth * panelHeight : 0);
    for (int64_t term = 0; term < termCount; term += maxDepth) {
      const int64_t count = std::min(maxDepth, termCount - term);
      const ConstMatrix part = offset(from, row, term);
      void *target = const_cast<void *>(at(panel, term));
      if (elementType == MatrixType::F32) {
        kernels.pack(part, height, count, panelHeight,
                     static_cast<float *>(target));
        continue;
      }
      kernels.pack(part, height, count, panelHeight, widened.data());
      convert(widened.data(), static_cast<half *>(target),
              (count - 1) * panelHeight + height);
    }
  };
  pool.parallelFor(ceilDiv(rowCount, panelHeight), packPanel);
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
