//===- Indexing.h - Indices that are data -----------------------*- C++ -*-===//
//
// What gather and scatter share: indices among the inputs are only known when
// a program runs, and must not lead outside a tensor.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_INDEXING_H
#define ANEC_RUNTIME_DEVICE_CPU_INDEXING_H

#include "runtime/device/cpu/Elements.h"
#include "runtime/device/cpu/Kernels.h"

#include <optional>

namespace anec::rt::cpu {

/// `index` counted from 0, when it is negative from the end. Nothing, and an
/// error in `arguments`, when it is outside of `size` elements.
std::optional<int64_t> placeOf(double index, int64_t size,
                               const KernelArguments &arguments);

/// Equal slices of a contiguous tensor: where each starts, in elements.
struct IndexedSlices {
  std::vector<int64_t> begins;
  int64_t length = 1;
};

/// The slices of a tensor of shape `dims` that the vectors along the last
/// dimension of `indices` name; the first `batch` dimensions belong together.
/// Nothing after an error.
std::optional<IndexedSlices> indexedSlices(const KernelArguments &arguments,
                                           const Dims &dims,
                                           const Tensor &indices,
                                           int64_t batch);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_INDEXING_H
