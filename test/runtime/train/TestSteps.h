//===- TestSteps.h - Steps of small plans -----------------------*- C++ -*-===//
//
// For tests that build plans in memory.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TEST_RUNTIME_TRAIN_TESTSTEPS_H
#define ANEC_TEST_RUNTIME_TRAIN_TESTSTEPS_H

#include "runtime/bundle/Plan.h"

#include <utility>
#include <vector>

namespace anec::rt {

/// Goes through `body` twice.
inline Step loop(std::vector<Step> body) {
  Step step;
  step.kind = Step::Kind::For;
  step.count = 2;
  step.body = std::move(body);
  return step;
}

} // namespace anec::rt

#endif // ANEC_TEST_RUNTIME_TRAIN_TESTSTEPS_H
