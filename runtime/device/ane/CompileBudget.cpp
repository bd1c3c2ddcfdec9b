//===- CompileBudget.cpp - Compiles that a process may do -----------------===//

#include "runtime/device/ane/CompileBudget.h"

#include "runtime/target/Profile.h"

namespace anec::rt::ane {

namespace {

/// maderix/ANE restarts at 100: compiles for which the system does not answer
/// to us count as well.
constexpr int64_t reserve = 19;

} // namespace

CompileBudget &CompileBudget::process() {
  static CompileBudget budget(
      target::strictProfile().limit(target::Rule::CompileBudget) - reserve);
  return budget;
}

} // namespace anec::rt::ane
