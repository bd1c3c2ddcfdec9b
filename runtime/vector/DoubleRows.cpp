//===- DoubleRows.cpp - Rows that are summed in double --------------------===//
//
// Compiled once per instruction set.
//
//===----------------------------------------------------------------------===//
#include "runtime/vector/DoubleRows.h"

#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/vector/DoubleRows.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::ScalableTag<double>;

HWY_INLINE hn::Vec<Doubles> load(const double *x) {
  return hn::LoadU(Doubles(), x);
}
HWY_INLINE hn::Vec<Doubles> load(const float *x) {
  const hn::Rebind<float, Doubles> narrow;
  return hn::PromoteTo(Doubles(), hn::LoadU(narrow, x));
}
HWY_INLINE void store(hn::Vec<Doubles> x, double *to) {
  hn::StoreU(x, Doubles(), to);
}
HWY_INLINE void store(hn::Vec<Doubles> x, float *to) {
  const hn::Rebind<float, Doubles> narrow;
  hn::StoreU(hn::DemoteTo(narrow, x), narrow, to);
}

/// Calls vector(i) for whole vectors and element(i) for what remains.
template <typename Vector, typename Element>
HWY_INLINE void forRow(int64_t count, Vector vector, Element element) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(Doubles()));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes)
    vector(i);
  for (; i < count; ++i)
    element(i);
}

template <typename T>
void products(double factor, const T *x, const T *y, double *sum,
              int64_t count) {
  const auto a = hn::Set(Doubles(), factor);
  forRow(
      count,
      [&](int64_t i) {
        store(hn::Add(load(sum + i),
                      hn::Mul(hn::Mul(a, load(x + i)), load(y + i))),
              sum + i);
      },
      [&](int64_t i) { sum[i] += factor * double(x[i]) * double(y[i]); });
}

template <typename T>
void scaled(double factor, const T *x, const double *scale, T *y,
            int64_t count) {
  const auto a = hn::Set(Doubles(), factor);
  forRow(
      count,
      [&](int64_t i) {
        store(hn::Mul(a, hn::Mul(load(x + i), load(scale + i))), y + i);
      },
      [&](int64_t i) { y[i] = T(factor * (double(x[i]) * scale[i])); });
}

template <typename T>
void subtracted(double factor, const T *x, const double *scale, const T *y,
                const double *share, T *z, int64_t count) {
  const auto a = hn::Set(Doubles(), factor);
  forRow(
      count,
      [&](int64_t i) {
        const auto kept = hn::Mul(hn::Mul(a, load(x + i)), load(scale + i));
        store(hn::Sub(kept, hn::Mul(load(y + i), load(share + i))), z + i);
      },
      [&](int64_t i) {
        z[i] = T(factor * double(x[i]) * scale[i] - double(y[i]) * share[i]);
      });
}

// One function each, for the tables of instruction sets.
#define ANEC_ROWS(T)                                                           \
  void products_##T(double factor, const T *x, const T *y, double *sum,        \
                    int64_t count) {                                           \
    products(factor, x, y, sum, count);                                        \
  }                                                                            \
  void scaled_##T(double factor, const T *x, const double *scale, T *y,        \
                  int64_t count) {                                             \
    scaled(factor, x, scale, y, count);                                        \
  }                                                                            \
  void subtracted_##T(double factor, const T *x, const double *scale,          \
                      const T *y, const double *share, T *z, int64_t count) {  \
    subtracted(factor, x, scale, y, share, z, count);                          \
  }
ANEC_ROWS(float)
ANEC_ROWS(double)
#undef ANEC_ROWS

} // namespace anec::rt::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt {

#define ANEC_ROWS(T)                                                           \
  HWY_EXPORT(products_##T);                                                    \
  HWY_EXPORT(scaled_##T);                                                      \
  HWY_EXPORT(subtracted_##T);                                                  \
  template <>                                                                  \
  void addProducts(double factor, const T *x, const T *y, double *sum,         \
                   int64_t count) {                                            \
    HWY_DYNAMIC_DISPATCH(products_##T)(factor, x, y, sum, count);              \
  }                                                                            \
  template <>                                                                  \
  void scaleRow(double factor, const T *x, const double *scale, T *y,          \
                int64_t count) {                                               \
    HWY_DYNAMIC_DISPATCH(scaled_##T)(factor, x, scale, y, count);              \
  }                                                                            \
  template <>                                                                  \
  void scaleAndSubtract(double factor, const T *x, const double *scale,        \
                        const T *y, const double *share, T *z,                 \
                        int64_t count) {                                       \
    HWY_DYNAMIC_DISPATCH(subtracted_##T)                                       \
    (factor, x, scale, y, share, z, count);                                    \
  }
ANEC_ROWS(float)
ANEC_ROWS(double)
#undef ANEC_ROWS

} // namespace anec::rt
#endif // HWY_ONCE
