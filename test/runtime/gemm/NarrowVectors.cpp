//===- NarrowVectors.cpp - Tests as on an older machine -------------------===//
//
// Linked into a test program, it hides AVX-512 before anything is dispatched.
//
//===----------------------------------------------------------------------===//
#include <hwy/targets.h>

namespace {

#if HWY_ARCH_X86
const bool isNarrow = [] {
  const auto allowed =
      hwy::SupportedTargets() & ~static_cast<int64_t>(HWY_AVX3 | HWY_AVX3_DL);
  hwy::SetSupportedTargetsForTest(allowed);
  hwy::GetChosenTarget().Update(allowed);
  return true;
}();
#endif

} // namespace
