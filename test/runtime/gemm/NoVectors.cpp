//===- NoVectors.cpp - Tests as on any machine of an architecture ---------===//
//
// Linked into a test program, it leaves only what every CPU of this kind has,
// before anything is dispatched.
//
//===----------------------------------------------------------------------===//
#include <hwy/targets.h>

namespace {

const bool isPlain = [] {
  hwy::SetSupportedTargetsForTest(HWY_STATIC_TARGET);
  hwy::GetChosenTarget().Update(HWY_STATIC_TARGET);
  return true;
}();

} // namespace
