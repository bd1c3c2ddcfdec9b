//===- Rows.h - Elements as numbers -----------------------------*- C++ -*-===//
//
// Kernels compute with float, or with double where float would lose bits.
// These bring rows of any storage and stride into that form and back.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_ROWS_H
#define ANEC_RUNTIME_DEVICE_CPU_ROWS_H

#include "runtime/device/cpu/Tensor.h"

namespace anec::rt::cpu {

/// The row as contiguous numbers: in place where they already are, otherwise
/// in `buffer`, which has room for `count`. A stride of 0 repeats the element.
template <typename T>
const T *loadRow(Storage storage, const void *first, int64_t stride,
                 int64_t count, T *buffer);

/// Stores numbers, each rounded once: floats to nearest even, integers toward
/// zero and saturating, bool as "not 0".
template <typename T>
void storeRow(const T *row, Storage storage, void *first, int64_t stride,
              int64_t count);

/// True when `storage` needs double to be computed with exactly.
inline bool needsDouble(Storage storage) {
  return storage == Storage::F64 || storage == Storage::I32;
}

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_ROWS_H
