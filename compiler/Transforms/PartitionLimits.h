//===- PartitionLimits.h - Kernels that fit the target ----------*- C++ -*-===//
//
// Cuts a sequence of device ops into as few kernels as the target's surfaces
// allow, and among those into the ones that move the fewest bytes.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_PARTITIONLIMITS_H
#define ANEC_COMPILER_TRANSFORMS_PARTITIONLIMITS_H

#include "compiler/Kernels/SurfaceLayout.h"
#include "dialect/NN/NN.h"
#include "runtime/target/Profile.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <vector>

namespace anec {

using KernelOps = llvm::SmallVector<mlir::Operation *>;

class PartitionLimits {
public:
  /// How a value from outside reaches a kernel: "" for an activation, else the
  /// strategy of its parameter.
  using Strategy = llvm::function_ref<llvm::StringRef(mlir::Value)>;

  PartitionLimits(const rt::target::Profile &profile, Strategy strategy)
      : profile(profile), strategy(strategy) {}

  /// `ops`, in an order in which they can run, as kernels: one, unless its
  /// surfaces would not fit, or hold so much padding that another dispatch is
  /// cheaper. What cannot be cut
  /// apart and does not fit is an error at its first op; a single op that does
  /// not fit stays for verify-ane-target, which knows more about it.
  mlir::FailureOr<std::vector<KernelOps>>
  split(llvm::ArrayRef<mlir::Operation *> ops) const;

private:
  /// What one kernel would need.
  struct Need {
    int64_t channels = 0, width = 0; ///< The larger of both surfaces.
    int64_t bytes = 0;               ///< Of its signature.
    int64_t content = 0;             ///< Of these, what is no padding.
    int64_t constants = 0;           ///< Bytes of baked weights.
  };

  Need needOf(llvm::ArrayRef<mlir::Operation *> ops) const;
  Need needOfResults(llvm::ArrayRef<mlir::RankedTensorType> results) const;
  bool fits(const Need &need) const;
  bool isTooHeavy(const Need &need) const;
  std::vector<size_t> cutsOf(llvm::ArrayRef<mlir::Operation *> ops) const;
  mlir::LogicalResult refuse(llvm::ArrayRef<mlir::Operation *> ops,
                             const Need &need) const;

  const rt::target::Profile &profile;
  Strategy strategy;
};

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PARTITIONLIMITS_H
