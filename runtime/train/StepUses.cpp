//===- StepUses.cpp - What steps do with buffers and surfaces -------------===//

#include "runtime/train/StepUses.h"

#include <algorithm>

namespace anec::rt {

static bool holds(const std::vector<ValueRef> &values, size_t buffer) {
  return std::any_of(values.begin(), values.end(), [&](const ValueRef &value) {
    return value.kind == ValueRef::Kind::Buffer && value.id == buffer;
  });
}

static bool anyInside(const Step &step, bool (*does)(const Step &, size_t),
                      size_t id) {
  return std::any_of(step.body.begin(), step.body.end(),
                     [&](const Step &inner) { return does(inner, id); });
}

bool reads(const Step &step, size_t buffer) {
  switch (step.kind) {
  case Step::Kind::For:
    return anyInside(step, reads, buffer);
  case Step::Kind::Write:
    return holds({step.value}, buffer);
  case Step::Kind::Host:
    return holds(step.operands, buffer);
  default:
    return false;
  }
}

bool writes(const Step &step, size_t buffer) {
  switch (step.kind) {
  case Step::Kind::For:
    return anyInside(step, writes, buffer);
  case Step::Kind::Read:
    return holds({step.value}, buffer);
  case Step::Kind::Host:
    return holds(step.results, buffer);
  default:
    return false;
  }
}

bool isProductOfTokens(const Step &step) {
  return step.kind == Step::Kind::Host && step.name == "matmul" &&
         step.attributes["transpose_a"].get<bool>();
}

bool writesSurface(const Step &step, size_t surface) {
  switch (step.kind) {
  case Step::Kind::For:
    return anyInside(step, writesSurface, surface);
  case Step::Kind::Write:
  case Step::Kind::Copy:
  case Step::Kind::Stage:
    return step.to.at.surface == surface;
  case Step::Kind::Dispatch:
    return std::any_of(
        step.outputs.begin(), step.outputs.end(),
        [&](const SurfaceRef &output) { return output.surface == surface; });
  default:
    return false;
  }
}

FirstUse firstUse(const Step &step, size_t buffer) {
  if (step.kind == Step::Kind::For)
    return firstUse(step.body, 0, step.body.size(), buffer);
  if (reads(step, buffer))
    return FirstUse::Read;
  return writes(step, buffer) ? FirstUse::Written : FirstUse::None;
}

FirstUse firstUse(const std::vector<Step> &steps, size_t begin, size_t end,
                  size_t buffer) {
  for (size_t i = begin; i < end; ++i)
    if (FirstUse use = firstUse(steps[i], buffer); use != FirstUse::None)
      return use;
  return FirstUse::None;
}

bool isReadAfter(const StepPlace &place, size_t buffer) {
  const std::vector<Step> &steps = *place.steps;
  FirstUse use = firstUse(steps, place.index + 1, steps.size(), buffer);
  if (use != FirstUse::None)
    return use == FirstUse::Read;
  if (place.outer) // The next iteration, or what follows the last.
    return firstUse(steps, 0, place.index + 1, buffer) == FirstUse::Read ||
           isReadAfter(*place.outer, buffer);
  return std::any_of(place.program->outputs.begin(),
                     place.program->outputs.end(),
                     [&](const HostProgram::Output &output) {
                       return output.buffer == buffer;
                     });
}

} // namespace anec::rt
