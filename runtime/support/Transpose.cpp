//===- Transpose.cpp - Rows to columns ------------------------------------===//
//
// Floats go in squares of four by four; doubles one by one.
//
//===----------------------------------------------------------------------===//
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/support/Transpose.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/support/Transpose.h"

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void transposeFloats(const std::array<const float *, 4> &rows, int64_t count,
                     float *to, int64_t stride) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d;
  const hn::RepartitionToWide<decltype(d)> dWide;
  for (; i + 4 <= count; i += 4, to += 4 * stride) {
    const auto r0 = hn::LoadU(d, rows[0] + i), r1 = hn::LoadU(d, rows[1] + i);
    const auto r2 = hn::LoadU(d, rows[2] + i), r3 = hn::LoadU(d, rows[3] + i);
    const auto a = hn::BitCast(dWide, hn::InterleaveLower(d, r0, r1));
    const auto b = hn::BitCast(dWide, hn::InterleaveUpper(d, r0, r1));
    const auto e = hn::BitCast(dWide, hn::InterleaveLower(d, r2, r3));
    const auto f = hn::BitCast(dWide, hn::InterleaveUpper(d, r2, r3));
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dWide, a, e)), d, to);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dWide, a, e)), d,
               to + stride);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dWide, b, f)), d,
               to + 2 * stride);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dWide, b, f)), d,
               to + 3 * stride);
  }
#endif
  for (; i < count; ++i, to += stride)
    for (size_t r = 0; r < 4; ++r)
      to[r] = rows[r][i];
}

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt {

HWY_EXPORT(transposeFloats);

void transposeFour(const std::array<const float *, 4> &rows, int64_t count,
                   float *to, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(transposeFloats)(rows, count, to, stride);
}

void transposeFour(const std::array<const double *, 4> &rows, int64_t count,
                   double *to, int64_t stride) {
  for (int64_t i = 0; i < count; ++i)
    for (size_t r = 0; r < 4; ++r)
      to[i * stride + static_cast<int64_t>(r)] = rows[r][i];
}

} // namespace anec::rt
#endif // HWY_ONCE
