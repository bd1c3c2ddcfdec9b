//===- WeightDots.cpp - What weights make with their gradients ------------===//

#include "runtime/train/WeightDots.h"

#include "runtime/train/StepUses.h"

namespace anec::rt {

std::set<size_t> findWeightsWithDots(const Plan &plan) {
  std::set<size_t> wanted, others;
  forEachPlace(plan, [&](const StepPlace &place) {
    const Step &step = (*place.steps)[place.index];
    if (step.kind == Step::Kind::Read &&
        step.value.kind == ValueRef::Kind::Gradient)
      others.insert(step.value.id);
    if (step.kind != Step::Kind::Host)
      return;
    if (step.name == "derive_gain_grad") {
      wanted.insert(step.results[0].id);
      return;
    }
    for (const ValueRef &result : step.results)
      if (result.kind == ValueRef::Kind::Gradient && !isProductOfTokens(step))
        others.insert(result.id);
  });
  for (size_t other : others)
    wanted.erase(other);
  return wanted;
}

} // namespace anec::rt
