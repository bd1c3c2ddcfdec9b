//===- Kernels.cpp - The parts of the matrix product ----------------------===//
//
// Packing converts to the type of the sums. The inner kernel keeps one tile of
// C in registers: 14 x 2 vectors with AVX-512, 6 x 2 with AVX2, 8 x 3 on Arm.
//
//===----------------------------------------------------------------------===//
// Older sets convert halves in software, which the scalar code does as well.
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/gemm/Kernels.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/gemm/Kernels.h"

#include <algorithm>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::gemm_detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3
constexpr int64_t maxRows = 14, vectorsPerRow = 2;
#elif HWY_ARCH_ARM_A64
constexpr int64_t maxRows = 8, vectorsPerRow = 3;
#else
constexpr int64_t maxRows = 6, vectorsPerRow = 2;
#endif

// ---- Loads that convert ----

template <class D> HWY_INLINE hn::Vec<D> load(D d, const hn::TFromD<D> *from) {
  return hn::LoadU(d, from);
}

template <class D> HWY_INLINE hn::Vec<D> load(D d, const half *from) {
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
  constexpr bool inSoftware = true;
#else
  constexpr bool inSoftware = sizeof(hn::TFromD<D>) == 8;
#endif
  if constexpr (inSoftware) {
    HWY_ALIGN hn::TFromD<D> lanes[HWY_MAX_BYTES / sizeof(hn::TFromD<D>)];
    for (size_t i = 0; i < hn::Lanes(d); ++i)
      lanes[i] = static_cast<hn::TFromD<D>>(from[i]);
    return hn::Load(d, lanes);
  } else {
    const hn::Rebind<hwy::float16_t, D> dHalf;
    return hn::PromoteTo(
        d, hn::LoadU(dHalf, reinterpret_cast<const hwy::float16_t *>(from)));
  }
}

// ---- Packing ----

/// Panel elements side by side in memory: copies rows of the panel.
template <typename T, typename S>
void packCopying(const S *from, int64_t depthStride, int64_t width,
                 int64_t depth, int64_t stride, T *panel) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t p = 0; p < depth; ++p) {
    const S *source = from + p * depthStride;
    T *target = panel + p * stride;
    int64_t i = 0;
    for (; i + lanes <= width; i += lanes)
      hn::StoreU(load(d, source + i), d, target + i);
    for (; i < width; ++i)
      target[i] = static_cast<T>(source[i]);
  }
}

#if HWY_TARGET != HWY_SCALAR
/// Four vectors of four: out[p][i] = in[i][p].
template <typename S>
HWY_INLINE void transpose4x4(const S *from, int64_t rowStride, int64_t stride,
                             float *panel) {
  const hn::FixedTag<float, 4> d;
  const hn::RepartitionToWide<decltype(d)> dWide;
  const auto r0 = load(d, from), r1 = load(d, from + rowStride);
  const auto r2 = load(d, from + 2 * rowStride);
  const auto r3 = load(d, from + 3 * rowStride);
  const auto a = hn::BitCast(dWide, hn::InterleaveLower(d, r0, r1));
  const auto b = hn::BitCast(dWide, hn::InterleaveUpper(d, r0, r1));
  const auto e = hn::BitCast(dWide, hn::InterleaveLower(d, r2, r3));
  const auto f = hn::BitCast(dWide, hn::InterleaveUpper(d, r2, r3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dWide, a, e)), d, panel);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dWide, a, e)), d,
             panel + stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dWide, b, f)), d,
             panel + 2 * stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dWide, b, f)), d,
             panel + 3 * stride);
}

#endif // HWY_TARGET != HWY_SCALAR

/// The depth side by side in memory: transposes.
template <typename T, typename S>
void packTransposing(const S *from, int64_t rowStride, int64_t width,
                     int64_t depth, int64_t stride, T *panel) {
  int64_t wideRows = 0;
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(T) == 4) {
    wideRows = width / 4 * 4;
    int64_t wideDepth = depth / 4 * 4;
    for (int64_t p = 0; p < wideDepth; p += 4)
      for (int64_t i = 0; i < wideRows; i += 4)
        transpose4x4(from + i * rowStride + p, rowStride, stride,
                     panel + p * stride + i);
    for (int64_t p = wideDepth; p < depth; ++p)
      for (int64_t i = 0; i < wideRows; ++i)
        panel[p * stride + i] = static_cast<T>(from[i * rowStride + p]);
  }
#endif
  for (int64_t i = wideRows; i < width; ++i)
    for (int64_t p = 0; p < depth; ++p)
      panel[p * stride + i] = static_cast<T>(from[i * rowStride + p]);
}

template <typename T, typename S>
void packFrom(const ConstMatrix &from, int64_t width, int64_t depth,
              int64_t stride, T *panel) {
  const S *data = static_cast<const S *>(from.data);
  if (from.rowStride == 1) {
    packCopying(data, from.columnStride, width, depth, stride, panel);
  } else if (from.columnStride == 1) {
    packTransposing(data, from.rowStride, width, depth, stride, panel);
  } else {
    for (int64_t p = 0; p < depth; ++p)
      for (int64_t i = 0; i < width; ++i)
        panel[p * stride + i] =
            static_cast<T>(data[i * from.rowStride + p * from.columnStride]);
  }
}

void packFloat(const ConstMatrix &from, int64_t width, int64_t depth,
               int64_t stride, float *panel) {
  if (from.type == MatrixType::F16)
    packFrom<float, half>(from, width, depth, stride, panel);
  else
    packFrom<float, float>(from, width, depth, stride, panel);
}

void packDouble(const ConstMatrix &from, int64_t width, int64_t depth,
                int64_t stride, double *panel) {
  packFrom<double, double>(from, width, depth, stride, panel);
}

// ---- The inner kernel ----

template <typename T, int rows>
void tileOfRows(int64_t depth, const T *HWY_RESTRICT a, int64_t aStride,
                const T *HWY_RESTRICT b, T *HWY_RESTRICT tile) {
  const hn::ScalableTag<T> d;
  using Vector = hn::Vec<decltype(d)>;
  constexpr int64_t lanes = HWY_MAX_BYTES / sizeof(T);
  constexpr int64_t width = vectorsPerRow * lanes;
  Vector sums[rows][vectorsPerRow];
  for (int i = 0; i < rows; ++i)
    for (int v = 0; v < vectorsPerRow; ++v)
      sums[i][v] = hn::Zero(d);
  for (int64_t p = 0; p < depth; ++p) {
    Vector column[vectorsPerRow];
    for (int v = 0; v < vectorsPerRow; ++v)
      column[v] = hn::Load(d, b + v * lanes);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const Vector scale = hn::Set(d, a[i]);
#pragma GCC unroll 4
      for (int v = 0; v < vectorsPerRow; ++v)
        sums[i][v] = hn::MulAdd(scale, column[v], sums[i][v]);
    }
    a += aStride;
    b += width;
  }
  for (int i = 0; i < rows; ++i)
    for (int v = 0; v < vectorsPerRow; ++v)
      hn::Store(sums[i][v], d, tile + i * width + v * lanes);
}

template <typename T>
using FixedTileFunction = void (*)(int64_t, const T *, int64_t, const T *, T *);

template <typename T, size_t... counts>
FixedTileFunction<T> selectTile(int64_t rows, std::index_sequence<counts...>) {
  static constexpr FixedTileFunction<T> functions[] = {
      &tileOfRows<T, static_cast<int>(counts) + 1>...};
  return functions[rows - 1];
}

template <typename T>
void tileFunction(int64_t rows, int64_t depth, const T *a, int64_t aStride,
                  const T *b, T *tile) {
  selectTile<T>(rows, std::make_index_sequence<maxRows>())(depth, a, aStride, b,
                                                           tile);
}

const Kernels<float> *floatTable() {
  static constexpr Kernels<float> table = {maxRows,
                                           vectorsPerRow * HWY_MAX_BYTES / 4,
                                           &packFloat, &tileFunction<float>};
  return &table;
}

const Kernels<double> *doubleTable() {
  static constexpr Kernels<double> table = {maxRows,
                                            vectorsPerRow * HWY_MAX_BYTES / 8,
                                            &packDouble, &tileFunction<double>};
  return &table;
}

} // namespace anec::rt::gemm_detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt::gemm_detail {

HWY_EXPORT(floatTable);
HWY_EXPORT(doubleTable);

const Kernels<float> &floatKernels() {
  static const Kernels<float> *table = HWY_DYNAMIC_DISPATCH(floatTable)();
  return *table;
}

const Kernels<double> &doubleKernels() {
  static const Kernels<double> *table = HWY_DYNAMIC_DISPATCH(doubleTable)();
  return *table;
}

} // namespace anec::rt::gemm_detail
#endif // HWY_ONCE
