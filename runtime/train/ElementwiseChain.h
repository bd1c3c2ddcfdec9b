//===- ElementwiseChain.h - Element-wise steps, tile by tile ----*- C++ -*-===//
//
// Reads of surfaces and element-wise host ops that follow each other go through
// their tensors together, a few rows at a time: what one leaves is in a cache
// when the next takes it, and what nobody else needs never gets to memory.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_ELEMENTWISECHAIN_H
#define ANEC_RUNTIME_TRAIN_ELEMENTWISECHAIN_H

#include "runtime/bundle/Plan.h"
#include "runtime/train/InPlaceReads.h"

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace anec::rt {

class ThreadPool;

/// Steps that follow each other in a program, two or more.
struct ElementwiseChain {
  std::vector<const Step *> steps;
  /// The buffers they use, once each, and which of them hold what only these
  /// steps need.
  std::vector<size_t> buffers;
  std::vector<bool> isTemporary;

  /// The place of a buffer in `buffers`.
  size_t placeOf(size_t buffer) const;
};

struct ElementwiseChains {
  /// By first step.
  std::map<const Step *, ElementwiseChain> byFirst;
  /// All steps of chains but the first ones.
  std::set<const Step *> others;
};

/// Without the reads that need not be done at all. `plan` must outlive the
/// result.
ElementwiseChains findElementwiseChains(const Plan &plan,
                                        const InPlaceReads &inPlace);

/// Computes a chain whose tensors are [features, tokens]. `memory` follows
/// `chain.buffers`, without use for temporaries; `maps` follows `chain.steps`,
/// null for host ops. The same bits for any number of threads.
template <typename Real>
void runChain(const ElementwiseChain &chain, const std::vector<Real *> &memory,
              const std::vector<std::unique_ptr<SurfaceMap>> &maps,
              int64_t features, int64_t tokens, ThreadPool &pool);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_ELEMENTWISECHAIN_H
