//===- SelfTestForms.h - What the self-test tries ---------------*- C++ -*-===//
//
// Small kernels, each for one form of an operator, one combination that
// kernels are made of, or one rule of the device.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_TOOLS_ANE_RUN_SELFTESTFORMS_H
#define ANEC_TOOLS_ANE_RUN_SELFTESTFORMS_H

#include "runtime/device/Device.h"

#include <set>

namespace anec::rt {

/// What a form says about its rule.
enum class Keeps {
  Rule,  ///< It keeps the rule: the device should run it.
  Breaks ///< It breaks the rule: where the rule holds, the device refuses it or
         ///< computes something else.
};

struct TestForm {
  /// Id of runtime/target; empty where the form is about no rule.
  std::string rule;
  Keeps keeps = Keeps::Rule;
  ProgramFiles files; ///< With the form's name.
  /// Standard deviation of the inputs.
  double deviation = 0.5;
};

/// Forms of public programs that ran on hardware, and what kernels of ours are
/// made of; then those that break a rule, in an order in which a device that
/// gets worse harms as few as possible.
std::vector<TestForm> selfTestForms();

/// The operators in a text, without constants.
Result<std::set<std::string>> operatorsOf(const ProgramFiles &files);

} // namespace anec::rt

#endif // ANEC_TOOLS_ANE_RUN_SELFTESTFORMS_H
