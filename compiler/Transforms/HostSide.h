//===- HostSide.h - What the host computes again ----------------*- C++ -*-===//
//
// The host's part of a backward, weight gradients above all, reads forward
// values. Cheap ones it can compute again from what it reads anyway, or the
// device computes them and the host reads the result: whichever moves less.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_HOSTSIDE_H
#define ANEC_COMPILER_TRANSFORMS_HOSTSIDE_H

#include "compiler/Transforms/Placement.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace anec {

/// A joint function and what is known about its two halves.
struct Joint {
  explicit Joint(nn::FuncOp func);

  bool isParameter(mlir::Value value) const {
    auto argument = mlir::dyn_cast<mlir::BlockArgument>(value);
    return argument && func.getArgAttr(argument.getArgNumber(), "nn.parameter");
  }
  bool isForward(mlir::Operation *op) const { return forward.contains(op); }
  /// Whether `value` exists before the backward begins.
  bool isForward(mlir::Value value) const {
    if (auto argument = mlir::dyn_cast<mlir::BlockArgument>(value))
      return argument.getArgNumber() < inputs;
    return isForward(value.getDefiningOp());
  }

  mutable nn::FuncOp func; // MLIR handles have no const members.
  unsigned inputs, results;
  llvm::SetVector<mlir::Operation *> forward;
};

/// Bytes of a value on the device: fp16.
int64_t bytesOf(mlir::Value value);

/// The forward values that the host computes in the backward, given those that
/// are kept. With `copiesTaps`, a target of one input surface, the host has
/// seen every tap that the device takes: it carried it from surface to surface.
llvm::DenseSet<mlir::Value> chooseHostSide(const Joint &joint,
                                           llvm::ArrayRef<mlir::Value> taps,
                                           bool copiesTaps);

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_HOSTSIDE_H
