//===- TensorTypes.h - Types of values that are tensors ---------*- C++ -*-===//
#ifndef ANEC_COMPILER_KERNELS_TENSORTYPES_H
#define ANEC_COMPILER_KERNELS_TENSORTYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace anec {

/// Of a value in a kernel, all of which are tensors.
inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return typeOf(value).getShape();
}

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_TENSORTYPES_H
