//===- Tensor.h - A strided view of elements --------------------*- C++ -*-===//
//
// What kernels read and write. Slices, reshapes and transpositions are only
// other views of the same memory.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_TENSOR_H
#define ANEC_RUNTIME_DEVICE_CPU_TENSOR_H

#include "runtime/device/Device.h"
#include "runtime/gemm/Gemm.h"
#include "runtime/mil/Ast.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace anec::rt {
class PackedMatrix;
class ThreadPool;
} // namespace anec::rt

namespace anec::rt::cpu {

/// How elements lie in memory. All integer types of MIL are I32, and values
/// that do not fit are refused where they enter; bool is one byte of 0 or 1.
enum class Storage { F16, F32, F64, I32, Bool };

int64_t storageSize(Storage storage);
/// How values of a MIL type are stored. No value for strings.
std::optional<Storage> storageOf(mil::ScalarType type, Numerics numerics);
/// The values of bool, or of an integer type those that I32 can hold.
struct IntegerRange {
  double lowest, highest;
};
IntegerRange integerRange(mil::ScalarType type);
/// Only for float storage.
MatrixType matrixTypeOf(Storage storage);
bool isFloat(Storage storage);

using Dims = std::vector<int64_t>;

/// Product of sizes.
int64_t elementCount(const Dims &dims);
/// Row-major strides in elements.
Dims contiguousStrides(const Dims &dims);

/// Sizes and strides in elements, without memory.
struct Layout {
  Storage storage = Storage::F16;
  Dims dims, strides;

  int64_t rank() const { return static_cast<int64_t>(dims.size()); }
  /// Dimensions of size 1 may have any stride.
  bool isContiguous() const;
};

/// A layout and where its first element is.
struct Tensor : Layout {
  void *data = nullptr;
  /// The same values as the left operand of a product reads them, for inputs
  /// that Preparation::mayBePacked allowed; then `data` must not be read.
  const PackedMatrix *packed = nullptr;

  /// The first element moved by `elements`.
  void *at(int64_t elements) const {
    return static_cast<uint8_t *>(data) + elements * storageSize(storage);
  }
};

/// The layout of the same elements in another shape; nothing when they would
/// have to be copied. `dims` has as many elements as `layout`.
std::optional<Dims> reshapedStrides(const Layout &layout, const Dims &dims);

/// Strides for reading `layout` as the larger shape `dims`: 0 where it is
/// stretched.
Dims broadcastStrides(const Layout &layout, const Dims &dims);

/// Copies elements between views of equal shape and storage.
void copy(const Tensor &from, const Tensor &to);
void copy(const Tensor &from, const Tensor &to, ThreadPool &pool);

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_TENSOR_H
