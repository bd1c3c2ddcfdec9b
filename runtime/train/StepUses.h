//===- StepUses.h - What steps do with buffers and surfaces -----*- C++ -*-===//
//
// Questions about steps that come before others, for an executor that does not
// do every step as it is written.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_TRAIN_STEPUSES_H
#define ANEC_RUNTIME_TRAIN_STEPUSES_H

#include "runtime/bundle/Plan.h"

#include <vector>

namespace anec::rt {

/// What happens to a buffer, any of its instances, first.
enum class FirstUse { None, Read, Written };

FirstUse firstUse(const Step &step, size_t buffer);
/// Of steps begin, begin + 1, ... before `end`.
FirstUse firstUse(const std::vector<Step> &steps, size_t begin, size_t end,
                  size_t buffer);
/// Whether a step, or one inside of it, reads or writes the buffer.
bool reads(const Step &step, size_t buffer);
bool writes(const Step &step, size_t buffer);
/// Whether it is a product of two activations, [features of a, features of b]:
/// as gradients of weights are.
bool isProductOfTokens(const Step &step);
/// Whether it writes to the surface, any instance and region.
bool writesSurface(const Step &step, size_t surface);

/// Where a step stands: number `index` of `steps`, which are the whole program
/// or, with `outer`, the body of a loop.
struct StepPlace {
  const HostProgram *program;
  const std::vector<Step> *steps;
  size_t index;
  const StepPlace *outer;
};

/// Whether what is in `buffer` after the step at `place` may be read later.
bool isReadAfter(const StepPlace &place, size_t buffer);

/// Calls visit(place) for every step of every program, loops included.
template <typename Visit> void forEachPlace(const Plan &plan, Visit visit) {
  struct Walk {
    Visit &visit;
    void steps(const HostProgram &program, const std::vector<Step> &list,
               const StepPlace *outer) {
      for (size_t i = 0; i < list.size(); ++i) {
        const StepPlace place{&program, &list, i, outer};
        visit(place);
        steps(program, list[i].body, &place);
      }
    }
  } walk{visit};
  for (const HostProgram &program : plan.programs)
    walk.steps(program, program.steps, nullptr);
}

} // namespace anec::rt

#endif // ANEC_RUNTIME_TRAIN_STEPUSES_H
