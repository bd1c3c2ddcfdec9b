//===- WeightDots.h - What weights make with their gradients ----*- C++ -*-===//
//
// The gradient of a norm's gain is derived from sums over a weight times its
// gradient. Kept while the product that is the gradient is in registers, they
// cost neither another look at the weight nor one at the gradient.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_WEIGHTDOTS_H
#define ANEC_RUNTIME_TRAIN_WEIGHTDOTS_H

#include "runtime/bundle/Plan.h"

#include <set>

namespace anec::rt {

/// Parameters whose gradients gains are derived from and which products on the
/// host compute, nobody else.
std::set<size_t> findWeightsWithDots(const Plan &plan);

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_WEIGHTDOTS_H
