//===- BorrowedRegions.h - Copies that dispatches do without ----*- C++ -*-===//
//
// A backward kernel reads what a forward kernel left. Where a device can read
// it in the surface in which it is, nobody copies it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_BORROWEDREGIONS_H
#define ANEC_RUNTIME_TRAIN_BORROWEDREGIONS_H

#include "runtime/bundle/Plan.h"

#include <map>
#include <set>
#include <vector>

namespace anec::rt {

/// Copy steps of a plan that need not be done, and what is read instead.
struct BorrowedRegions {
  /// By kernel, for ProgramFiles; empty for most.
  std::map<size_t, std::vector<BorrowedRegion>> byKernel;
  /// By dispatch: the lenders, in the order of its kernel's regions.
  std::map<const Step *, std::vector<SurfaceRef>> lenders;
  std::set<const Step *> copies;
};

/// Copies between activation regions to an input of a dispatch that comes
/// later, while neither region changes, and that nobody else reads. `plan` must
/// outlive the result.
BorrowedRegions findBorrowedRegions(const Plan &plan);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_BORROWEDREGIONS_H
