//===- BufferMoves.cpp - Copies of values that are given up ---------------===//

#include "runtime/train/BufferMoves.h"

#include "runtime/train/StepUses.h"

#include <algorithm>

namespace anec::rt {

/// Whether the caller of a program may hold the buffer's address.
static bool isSeenOutside(const Plan &plan, size_t buffer) {
  auto isIt = [&](const auto &port) { return port.buffer == buffer; };
  return std::any_of(plan.programs.begin(), plan.programs.end(),
                     [&](const HostProgram &program) {
                       return std::any_of(program.inputs.begin(),
                                          program.inputs.end(), isIt) ||
                              std::any_of(program.outputs.begin(),
                                          program.outputs.end(), isIt);
                     });
}

static bool isMove(const Plan &plan, const std::vector<size_t> &home,
                   const StepPlace &place) {
  const Step &step = (*place.steps)[place.index];
  if (step.kind != Step::Kind::Host || step.name != "scale" ||
      step.attributes["factor"].get<double>() != 1)
    return false;
  const ValueRef &from = step.operands[0], &to = step.results[0];
  if (from.kind != ValueRef::Kind::Buffer || to.kind != ValueRef::Kind::Buffer)
    return false;
  auto isAlone = [&](size_t buffer) {
    return home[buffer] == buffer &&
           std::count(home.begin(), home.end(), buffer) == 1 &&
           !isSeenOutside(plan, buffer);
  };
  // Uses are known by buffer, not by instance.
  return from.id != to.id && plan.buffers[from.id].count == 1 &&
         plan.buffers[from.id].shape == plan.buffers[to.id].shape &&
         isAlone(from.id) && isAlone(to.id) && !isReadAfter(place, from.id);
}

std::set<const Step *> findBufferMoves(const Plan &plan,
                                       const std::vector<size_t> &home) {
  std::set<const Step *> moves;
  forEachPlace(plan, [&](const StepPlace &place) {
    if (isMove(plan, home, place))
      moves.insert(&(*place.steps)[place.index]);
  });
  return moves;
}

} // namespace anec::rt
