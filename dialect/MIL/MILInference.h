//===- MILInference.h - Shapes of groups of operators -----------*- C++ -*-===//
//
// Inference that several ops share; the messages name MIL parameters.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_MIL_MILINFERENCE_H
#define ANEC_DIALECT_MIL_MILINFERENCE_H

#include "mlir/IR/Value.h"

#include <optional>

namespace anec::mil {

using InferredTypes = llvm::SmallVectorImpl<mlir::Type>;

/// NumPy broadcasting: trailing dimensions align, 1 stretches.
llvm::LogicalResult inferBroadcast(std::optional<mlir::Location> location,
                                   mlir::Value x, mlir::Value y,
                                   InferredTypes &inferred);

/// Dimensions named by `axes` become 1, or go away.
llvm::LogicalResult inferReduction(std::optional<mlir::Location> location,
                                   mlir::Value x, llvm::ArrayRef<int32_t> axes,
                                   bool keepDims, InferredTypes &inferred);

/// The broadcast of two lists of dimensions, or failure.
mlir::FailureOr<llvm::SmallVector<int64_t>>
broadcastDims(llvm::ArrayRef<int64_t> x, llvm::ArrayRef<int64_t> y);

/// "1x8x1x32", for messages.
std::string formatDims(llvm::ArrayRef<int64_t> dims);

} // namespace anec::mil

#endif // ANEC_DIALECT_MIL_MILINFERENCE_H
