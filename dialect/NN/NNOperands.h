//===- NNOperands.h - What ops expect of their operands ---------*- C++ -*-===//
//
// Internal to dialect/NN. Inference runs before the constraints on operand
// types are checked, so it meets whatever was written.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_NNOPERANDS_H
#define ANEC_DIALECT_NN_NNOPERANDS_H

#include "dialect/TensorTypes.h"

#include "mlir/IR/Diagnostics.h"

#include <optional>

namespace anec::nn {

/// The error calls the operand `name`.
inline mlir::LogicalResult expectRank(std::optional<mlir::Location> loc,
                                      llvm::StringRef name, mlir::Value value,
                                      int64_t rank) {
  auto type = mlir::dyn_cast<mlir::RankedTensorType>(value.getType());
  if (type && type.getRank() == rank && type.hasStaticShape())
    return mlir::success();
  return mlir::emitOptionalError(loc, "expects ", name,
                                 " to be a static tensor of rank ", rank,
                                 ", but got ", value.getType());
}

/// The type of an operand [batch, channels, positions].
inline mlir::FailureOr<mlir::RankedTensorType>
activation(std::optional<mlir::Location> loc, llvm::StringRef name,
           mlir::Value value) {
  if (failed(expectRank(loc, name, value, 3)))
    return mlir::failure();
  return typeOf(value);
}

} // namespace anec::nn

#endif // ANEC_DIALECT_NN_NNOPERANDS_H
