//===- TensorTypes.h - Types of values that are tensors ---------*- C++ -*-===//
#ifndef ANEC_DIALECT_TENSORTYPES_H
#define ANEC_DIALECT_TENSORTYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace anec {

/// Of a value that is a ranked tensor, as all in kernels are.
inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return typeOf(value).getShape();
}

} // namespace anec

#endif // ANEC_DIALECT_TENSORTYPES_H
