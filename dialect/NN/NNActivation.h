//===- NNActivation.h - Operands [batch, channels, positions] ---*- C++ -*-===//
//
// Internal to dialect/NN.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_NNACTIVATION_H
#define ANEC_DIALECT_NN_NNACTIVATION_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"

#include <optional>

namespace anec::nn {

/// The type of an operand that must be a static tensor of rank 3; the error
/// calls it `name`.
inline mlir::FailureOr<mlir::RankedTensorType>
activation(std::optional<mlir::Location> loc, llvm::StringRef name,
           mlir::Value value) {
  auto type = mlir::dyn_cast<mlir::RankedTensorType>(value.getType());
  if (type && type.getRank() == 3 && type.hasStaticShape())
    return type;
  return mlir::emitOptionalError(loc, "expects ", name,
                                 " to be a static tensor of rank 3, but got ",
                                 value.getType());
}

} // namespace anec::nn

#endif // ANEC_DIALECT_NN_NNACTIVATION_H
