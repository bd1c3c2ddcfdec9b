//===- Convert.cpp - Between float widths, in bulk ------------------------===//
//
// Compiled once per instruction set; the best one is chosen at run time.
//
//===----------------------------------------------------------------------===//
// Older sets convert halves in software, which the scalar code does as well.
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/support/Convert.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/support/Convert.h"
#include "runtime/support/VectorLoads-inl.h"

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void widen(const half *from, float *to, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    store(d, load(d, from + i), to + i);
  for (; i < count; ++i)
    to[i] = static_cast<float>(from[i]);
}

void narrow(const float *from, half *to, int64_t count) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    store(d, load(d, from + i), to + i);
  for (; i < count; ++i)
    to[i] = static_cast<half>(from[i]);
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt {

HWY_EXPORT(widen);
HWY_EXPORT(narrow);

void convert(const half *from, float *to, int64_t count) {
  HWY_DYNAMIC_DISPATCH(widen)(from, to, count);
}
void convert(const float *from, half *to, int64_t count) {
  HWY_DYNAMIC_DISPATCH(narrow)(from, to, count);
}
void convert(const half *from, double *to, int64_t count) {
  std::copy_n(from, count, to);
}
void convert(const double *from, half *to, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = static_cast<half>(from[i]);
}
void convert(const float *from, double *to, int64_t count) {
  std::copy_n(from, count, to);
}
void convert(const double *from, float *to, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = static_cast<float>(from[i]);
}
void convert(const half *from, half *to, int64_t count) {
  std::copy_n(from, count, to);
}
void convert(const float *from, float *to, int64_t count) {
  std::copy_n(from, count, to);
}
void convert(const double *from, double *to, int64_t count) {
  std::copy_n(from, count, to);
}

} // namespace anec::rt
#endif // HWY_ONCE
