//===- LossWithGradient.cpp - Losses that are computed late ---------------===//

#include "runtime/train/LossWithGradient.h"

#include "runtime/bundle/Liveness.h"
#include "runtime/train/StepUses.h"

#include <algorithm>
#include <numeric>

namespace anec::rt {
namespace {

bool same(const ValueRef &a, const ValueRef &b) {
  return a.kind == b.kind && a.id == b.id && a.index.loop == b.index.loop &&
         a.index.constant == b.index.constant;
}

bool isHost(const Step &step, const char *name) {
  return step.kind == Step::Kind::Host && step.name == name;
}

/// The step after `place`, a cross_entropy, that computes its gradient before
/// anybody asks for the loss; null when there is none.
const Step *gradientOf(const StepPlace &place) {
  const Step &loss = (*place.steps)[place.index];
  const ValueRef &logits = loss.operands[0], &targets = loss.operands[1];
  const size_t result = loss.results[0].id;
  for (size_t i = place.index + 1; i < place.steps->size(); ++i) {
    const Step &step = (*place.steps)[i];
    if (isHost(step, "cross_entropy_grad") && same(step.operands[0], logits) &&
        same(step.operands[1], targets))
      return reads(step, result) ? nullptr : &step;
    if (reads(step, result) || writes(step, result) ||
        writes(step, logits.id) || writes(step, targets.id))
      return nullptr;
  }
  return nullptr;
}

} // namespace

bool LossesWithGradients::isDoneLater(const Step &step) const {
  return std::any_of(lossOf.begin(), lossOf.end(),
                     [&](const auto &pair) { return pair.second == &step; });
}

LossesWithGradients findLossesWithGradients(const Plan &plan) {
  LossesWithGradients found;
  found.home.resize(plan.buffers.size());
  std::iota(found.home.begin(), found.home.end(), size_t(0));
  forEachPlace(plan, [&](const StepPlace &place) {
    const Step &step = (*place.steps)[place.index];
    if (!isHost(step, "cross_entropy"))
      return;
    const Step *gradient = gradientOf(place);
    if (!gradient)
      return;
    found.lossOf[gradient] = &step;
    const ValueRef &logits = step.operands[0], &result = gradient->results[0];
    if (logits.kind == ValueRef::Kind::Buffer &&
        result.kind == ValueRef::Kind::Buffer &&
        found.home[logits.id] == logits.id &&
        mayTakePlaceOf(plan, *gradient, logits.id, result.id))
      found.home[result.id] = logits.id;
  });
  return found;
}

} // namespace anec::rt
