//===- Differentiate.h - Reverse mode over one function body ----*- C++ -*-===//
//
// The part of nn-autodiff that knows no scans and no entry points: which values
// have a trainable parameter below them, and the reverse walk over a block.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_DIFFERENTIATE_H
#define ANEC_COMPILER_TRANSFORMS_DIFFERENTIATE_H

#include "dialect/NN/NN.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace anec {

/// Values whose gradient somebody below needs.
using ActiveValues = llvm::DenseSet<mlir::Value>;

/// Marks the results of `op` active when an operand is, except behind
/// nn.stop_gradient. Scans are the caller's.
void propagateActivity(mlir::Operation &op, ActiveValues &active);

/// Gradients found so far, summed where a value has several uses.
class Gradients {
public:
  explicit Gradients(std::string brokenRule = "")
      : brokenRule(std::move(brokenRule)) {}

  /// Adds `gradient` to that of `value`.
  void add(mlir::OpBuilder &builder, mlir::Value value, mlir::Value gradient);
  /// The gradient of `value`, null when nothing contributed.
  mlir::Value of(mlir::Value value) const { return sums.lookup(value); }
  /// Every contribution to a parameter; they are accumulated, not added.
  llvm::ArrayRef<mlir::Value> contributions(mlir::Value parameter) const;

  /// Applies the rule of `op` to the gradients of its results and adds what it
  /// gives for active operands. Fails with a diagnostic when there is no rule.
  llvm::LogicalResult visit(mlir::OpBuilder &builder, mlir::Operation &op,
                            const ActiveValues &active);

private:
  llvm::DenseMap<mlir::Value, mlir::Value> sums;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> parameters;
  std::string brokenRule;
};

/// Erases ops of `block` without an effect and without a use.
void eraseDeadOps(mlir::Block &block);

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_DIFFERENTIATE_H
