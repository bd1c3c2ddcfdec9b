//===- Partitioner.h - Ops become kernels that fit the target ---*- C++ -*-===//
//
// Knows dependences, limits and prices; nothing of what the ops are for.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_PARTITIONER_H
#define ANEC_COMPILER_TRANSFORMS_PARTITIONER_H

#include "compiler/Transforms/KernelNeeds.h"

#include <map>
#include <vector>

namespace anec {

using KernelOps = llvm::SmallVector<mlir::Operation *>;

/// Bytes that a device moves while it starts a dispatch: 0.1 ms at 100 GB/s;
/// see runtime/target/cost.
constexpr int64_t dispatchBytes = 10'000'000;

/// Cuts ops into kernels at the least price, the bytes of all signatures and
/// `dispatchBytes` for each kernel, among those that keep the target's limits.
///
/// What has to stay together, because a value between them cannot be on a
/// surface, is a unit; kernels are convex sets of units. The search goes
/// through all sets of units that something can run after, up to `effort`
/// kernels looked at; beyond that it is optimal among the cuts of one order.
class Partitioner {
public:
  explicit Partitioner(const KernelNeeds &needs, int64_t effort = 5'000)
      : needs(needs), effort(effort) {}

  /// `ops`, in an order in which they can run, as kernels in such an order.
  /// Units that fit into no kernel are an error that names the smallest one;
  /// a single op that does not fit stays for verify-ane-target, which knows
  /// more about it.
  mlir::FailureOr<std::vector<KernelOps>>
  split(llvm::ArrayRef<mlir::Operation *> ops);

private:
  /// Ops that share a kernel, and the units whose results they read.
  struct Unit {
    KernelOps ops;
    llvm::SmallVector<unsigned> before;
  };
  /// A set of units: bit i is unit i.
  using Units = llvm::SmallVector<uint64_t, 2>;
  /// A way to compute a set of units.
  struct Way {
    int64_t price = 0;
    Units from; ///< What was there before the last kernel.
  };
  using Ways = std::map<Units, Way>;

  void findUnits(llvm::ArrayRef<mlir::Operation *> ops);
  KernelOps opsOf(const Units &units) const;
  /// The price of a kernel of `units`, or nothing when it does not fit.
  std::optional<int64_t> price(const Units &units);
  void searchOrder();
  void searchSets(int64_t content);
  bool findSets();
  void extend(const Ways &ways, Ways &longer, bool toEnd);
  mlir::LogicalResult refuse() const;
  mlir::LogicalResult refuse(llvm::ArrayRef<mlir::Operation *> ops) const;

  const KernelNeeds &needs;
  int64_t effort;
  std::vector<Unit> units; ///< In an order in which they can run.
  std::vector<Units> sets; ///< What can have run, the smaller ones first.
  std::map<Units, std::optional<int64_t>> prices;
  /// The best so far.
  std::optional<int64_t> best;
  std::vector<Units> kernels;
};

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_PARTITIONER_H
