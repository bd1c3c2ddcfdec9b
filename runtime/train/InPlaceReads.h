//===- InPlaceReads.h - Reads that products do without a copy ---*- C++ -*-===//
//
// A weight gradient is a product of activations that kernels left in surfaces.
// Products take matrices of any width and strides: what only they read need not
// be copied into a buffer first.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_INPLACEREADS_H
#define ANEC_RUNTIME_TRAIN_INPLACEREADS_H

#include "runtime/bundle/Plan.h"
#include "runtime/gemm/Gemm.h"

#include <map>
#include <set>
#include <vector>

namespace anec::rt {

/// Steps of a plan that need not be done as they are written.
struct InPlaceReads {
  /// Read steps whose buffer nobody needs: until it is written again only
  /// products read it, while its surface still holds the same.
  std::set<const Step *> reads;
  /// By host step and operand: the read step that would have filled it.
  std::map<std::pair<const Step *, size_t>, const Step *> operands;
};

/// `plan` must outlive the result.
InPlaceReads findInPlaceReads(const Plan &plan);

/// Whether the region that `read` reads is stored as host values are: rows are
/// features and columns tokens, in natural order.
bool isStoredAsValue(const Plan &plan, const Step &read);

/// The matrix of a mapped region in natural order: blocks of rows, one below
/// the other. Valid as long as the map is.
std::vector<ConstMatrix> viewOf(const SurfaceMap &map);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_INPLACEREADS_H
