//===- KernelNeeds.h - What a kernel would need of the target ---*- C++ -*-===//
//
// Before ops are lowered: the surfaces, constants and products of the program
// that they would be, and which limit of the target that exceeds.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_KERNELNEEDS_H
#define ANEC_COMPILER_TRANSFORMS_KERNELNEEDS_H

#include "compiler/Kernels/SurfaceLayout.h"
#include "dialect/NN/NN.h"
#include "runtime/target/Profile.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace anec {

/// What one kernel would need.
struct KernelNeed {
  int64_t bytes = 0;   ///< Of its signature.
  int64_t content = 0; ///< Of these, what is no padding.
  int64_t flops = 0;   ///< Of its products.

  // What targets limit.
  int64_t channels = 0, columns = 0; ///< Of the highest and widest surface.
  int64_t inputs = 0, outputs = 0;
  int64_t inputBytes = 0, inputColumns = 0; ///< Of the largest input.
  int64_t constants = 0;                    ///< Bytes of them.
  int64_t convolutions = 0;
  int64_t products = 0; ///< In a kernel with a softmax; 0 in others.
};

/// A limit that a kernel exceeds.
struct Excess {
  rt::target::Rule rule;
  llvm::StringRef what; ///< "columns of a surface"
  int64_t found = 0, limit = 0;
  llvm::StringRef wayOut;
};

class KernelNeeds {
public:
  /// How a value from outside reaches a kernel: "" for an activation, else the
  /// strategy of its parameter.
  using Strategy = llvm::function_ref<llvm::StringRef(mlir::Value)>;

  KernelNeeds(const rt::target::Profile &profile, Strategy strategy)
      : profile(profile), strategy(strategy) {}

  const std::string &targetName() const { return profile.name(); }

  /// Of a kernel of these ops.
  KernelNeed of(llvm::ArrayRef<mlir::Operation *> ops) const;

  /// Every limit of the target that is exceeded.
  llvm::SmallVector<Excess> excesses(const KernelNeed &need) const;
  bool fits(const KernelNeed &need) const { return excesses(need).empty(); }

private:
  void addResults(llvm::ArrayRef<mlir::RankedTensorType> results,
                  bool hasProducts, KernelNeed &need) const;
  void addInputs(llvm::ArrayRef<mlir::Value> inputs, KernelNeed &need) const;
  void addInput(const std::vector<PackedMatrix> &matrices,
                KernelNeed &need) const;
  int64_t productsOf(mlir::Operation *op) const;

  const rt::target::Profile &profile;
  Strategy strategy;
};

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_KERNELNEEDS_H
