//===- Packing.cpp - Operands of products in the order they are read ------===//
//
// Packing transposes where it must and converts to the type of the sums.
//
//===----------------------------------------------------------------------===//
// Older sets convert halves in software, which the scalar code does as well.
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/gemm/Packing.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/gemm/Kernels.h"
#include "runtime/support/VectorLoads-inl.h"

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::gemm_detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using rt::HWY_NAMESPACE::load;
using rt::HWY_NAMESPACE::store;

template <typename T>
constexpr int64_t lanesOf = hn::MaxLanes(hn::ScalableTag<T>());

/// Rows of so many whole vectors.
template <int vectors, typename T, typename S>
void copyRows(const S *from, int64_t depthStride, int64_t rows, int64_t stride,
              T *panel) {
  const hn::ScalableTag<T> d;
  for (int64_t p = 0; p < rows; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v)
      hn::StoreU(load(d, from + v * lanesOf<T>), d, panel + v * lanesOf<T>);
    from += depthStride;
    panel += stride;
  }
}

constexpr int64_t maxCopiedVectors = 3;

/// At most so many vectors of each row. Whole vectors read and write past the
/// width, but only what lies before the end of the last row.
template <typename T, typename S>
void copyNarrow(const S *from, int64_t depthStride, int64_t width,
                int64_t depth, int64_t stride, T *panel) {
  constexpr decltype(&copyRows<1, T, S>) functions[maxCopiedVectors] = {
      &copyRows<1, T, S>, &copyRows<2, T, S>, &copyRows<3, T, S>};
  const int64_t vectors = (width + lanesOf<T> - 1) / lanesOf<T>;
  const int64_t beyond = vectors * lanesOf<T> - width;
  // Rows at the end lie before fewer elements than what is beyond the width;
  // all do when rows go backwards or repeat.
  const int64_t shortest = std::min(depthStride, stride);
  int64_t whole = depth;
  if (beyond > 0)
    whole = shortest <= 0 ? 0 : depth - (beyond + shortest - 1) / shortest;
  if (vectors < 1 || whole < 0)
    whole = 0;
  if (whole > 0)
    functions[vectors - 1](from, depthStride, whole, stride, panel);
  for (int64_t p = whole; p < depth; ++p)
    for (int64_t i = 0; i < width; ++i)
      panel[p * stride + i] = static_cast<T>(from[p * depthStride + i]);
}

/// Panel elements side by side in memory: copies rows of the panel. The last
/// elements first: what is written past them belongs to others, which follow.
template <typename T, typename S>
void packCopying(const S *from, int64_t depthStride, int64_t width,
                 int64_t depth, int64_t stride, T *panel) {
  constexpr int64_t together = maxCopiedVectors * lanesOf<T>;
  for (int64_t i = (width - 1) / together * together; i >= 0; i -= together)
    copyNarrow(from + i, depthStride, std::min(together, width - i), depth,
               stride, panel + i);
}

#if HWY_TARGET != HWY_SCALAR
/// Four numbers of row 0 and, in wider vectors, of row 4.
template <class D, typename S>
HWY_INLINE hn::Vec<D> rowsApart(D d, const S *from, int64_t rowStride) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    return load(d, from);
  } else if constexpr (sizeof(S) == 4) {
    const hn::Half<D> dHalf;
    return hn::Combine(d, hn::LoadU(dHalf, from + 4 * rowStride),
                       hn::LoadU(dHalf, from));
  } else {
    const hn::Rebind<uint16_t, D> dBits;
    const hn::Half<decltype(dBits)> dHalf;
    const auto bits = [&](const S *row) {
      return hn::LoadU(dHalf, reinterpret_cast<const uint16_t *>(row));
    };
    return hn::PromoteTo(
        d, hn::BitCast(
               hn::Rebind<hwy::float16_t, D>(),
               hn::Combine(dBits, bits(from + 4 * rowStride), bits(from))));
  }
}

/// As many rows as a vector has numbers, four depths of them:
/// panel[p * stride + i] = from[i][p].
template <class D, typename S>
HWY_INLINE void transposeRows(D d, const S *from, int64_t rowStride,
                              int64_t stride, float *panel) {
  const hn::RepartitionToWide<D> dWide;
  const auto r0 = rowsApart(d, from, rowStride);
  const auto r1 = rowsApart(d, from + rowStride, rowStride);
  const auto r2 = rowsApart(d, from + 2 * rowStride, rowStride);
  const auto r3 = rowsApart(d, from + 3 * rowStride, rowStride);
  const auto a = hn::BitCast(dWide, hn::InterleaveLower(d, r0, r1));
  const auto b = hn::BitCast(dWide, hn::InterleaveUpper(d, r0, r1));
  const auto e = hn::BitCast(dWide, hn::InterleaveLower(d, r2, r3));
  const auto f = hn::BitCast(dWide, hn::InterleaveUpper(d, r2, r3));
  auto put = [&](int64_t depth, auto column) {
    hn::StoreU(hn::BitCast(d, column), d, panel + depth * stride);
  };
  put(0, hn::InterleaveLower(dWide, a, e));
  put(1, hn::InterleaveUpper(dWide, a, e));
  put(2, hn::InterleaveLower(dWide, b, f));
  put(3, hn::InterleaveUpper(dWide, b, f));
}

/// The depths that are whole fours, of at least as many rows as a vector has
/// numbers. The last of them may have been among those before.
template <class D, typename S>
void transposeFours(D d, const S *from, int64_t rowStride, int64_t width,
                    int64_t depth, int64_t stride, float *panel) {
  constexpr int64_t lanes = hn::MaxLanes(D());
  for (int64_t p = 0; p + 4 <= depth; p += 4)
    for (int64_t i = 0; i < width; i += lanes) {
      const int64_t row = std::min(i, width - lanes);
      transposeRows(d, from + row * rowStride + p, rowStride, stride,
                    panel + p * stride + row);
    }
}
#endif // HWY_TARGET != HWY_SCALAR

/// The depth side by side in memory: transposes.
template <typename T, typename S>
void packTransposing(const S *from, int64_t rowStride, int64_t width,
                     int64_t depth, int64_t stride, T *panel) {
  int64_t wideDepth = 0;
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(T) == 4) {
    const hn::FixedTag<float, lanesOf<float> >= 8 ? 8 : 4> d;
    if (width >= static_cast<int64_t>(hn::Lanes(d)))
      transposeFours(d, from, rowStride, width, depth, stride, panel);
    else if (width >= 4)
      transposeFours(hn::FixedTag<float, 4>(), from, rowStride, width, depth,
                     stride, panel);
    if (width >= 4)
      wideDepth = depth / 4 * 4;
  }
#endif
  for (int64_t i = 0; i < width; ++i)
    for (int64_t p = wideDepth; p < depth; ++p)
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

// ---- Packing halves ----

/// Terms that are widened at a time where nothing better is known.
constexpr int64_t widenedTerms = 64;

void packWidened(const ConstMatrix &from, int64_t width, int64_t depth,
                 int64_t stride, half *panel) {
  const hn::ScalableTag<float> d;
  constexpr int64_t lanes = lanesOf<float>, highest = 32;
  constexpr int64_t size = widenedTerms * highest;
  HWY_ALIGN float widened[size] = {};
  HWY_ALIGN half narrowed[size];
  for (int64_t row = 0; row < width; row += highest)
    for (int64_t p = 0; p < depth; p += widenedTerms) {
      const int64_t rows = std::min(highest, width - row);
      const int64_t terms = std::min(widenedTerms, depth - p);
      ConstMatrix part = from;
      part.data = static_cast<const uint8_t *>(from.data) +
                  (row * from.rowStride + p * from.columnStride) *
                      (from.type == MatrixType::F16 ? 2 : 4);
      packFloat(part, rows, terms, rows, widened);
      for (int64_t i = 0; i < rows * terms; i += lanes)
        store(d, hn::Load(d, widened + i), narrowed + i);
      for (int64_t i = 0; i < terms; ++i)
        std::copy_n(narrowed + i * rows, rows, panel + (p + i) * stride + row);
    }
}

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
constexpr auto packHalves = packWidened;
#else
using HalfBits = hn::FixedTag<uint16_t, 8>;

/// Eight floats, rounded.
HWY_INLINE hn::Vec<HalfBits> loadEight(const float *from) {
  const HalfBits d;
#if HWY_MAX_BYTES >= 32
  const hn::FixedTag<float, 8> dFloat;
  const hn::FixedTag<hwy::float16_t, 8> dHalf;
  return hn::BitCast(d, hn::DemoteTo(dHalf, hn::LoadU(dFloat, from)));
#else
  const hn::FixedTag<float, 4> dFloat;
  const hn::FixedTag<hwy::float16_t, 4> dHalf;
  const hn::FixedTag<uint16_t, 4> dBits;
  return hn::Combine(
      d, hn::BitCast(dBits, hn::DemoteTo(dHalf, hn::LoadU(dFloat, from + 4))),
      hn::BitCast(dBits, hn::DemoteTo(dHalf, hn::LoadU(dFloat, from))));
#endif
}

HWY_INLINE hn::Vec<HalfBits> loadEight(const half *from) {
  return hn::LoadU(HalfBits(), reinterpret_cast<const uint16_t *>(from));
}

/// Panel elements side by side in memory. The last eight may have been among
/// those before.
template <typename S>
void packHalvesCopying(const S *from, int64_t depthStride, int64_t width,
                       int64_t depth, int64_t stride, half *panel) {
  for (int64_t p = 0; p < depth; ++p)
    for (int64_t i = 0; i < width; i += 8) {
      const int64_t row = std::min(i, width - 8);
      hn::StoreU(loadEight(from + p * depthStride + row), HalfBits(),
                 reinterpret_cast<uint16_t *>(panel + p * stride + row));
    }
}

/// Eight rows of eight depths: panel[p * stride + i] = from[i][p].
template <typename S>
HWY_INLINE void transposeEight(const S *from, int64_t rowStride, int64_t stride,
                               half *panel) {
  const HalfBits d;
  const hn::Repartition<uint32_t, HalfBits> d32;
  const hn::Repartition<uint64_t, HalfBits> d64;
  using Vector = hn::Vec<HalfBits>;
  Vector pairs[8];
  for (int i = 0; i < 8; i += 2) {
    const Vector even = loadEight(from + i * rowStride);
    const Vector odd = loadEight(from + (i + 1) * rowStride);
    pairs[i] = hn::InterleaveLower(d, even, odd);
    pairs[i + 1] = hn::InterleaveUpper(d, even, odd);
  }
  // fours[h][q]: depths 2q and 2q + 1 of rows 4h to 4h + 3.
  hn::Vec<decltype(d64)> fours[2][4];
  for (int h = 0; h < 2; ++h)
    for (int q = 0; q < 4; ++q) {
      const auto a = hn::BitCast(d32, pairs[4 * h + q / 2]);
      const auto b = hn::BitCast(d32, pairs[4 * h + 2 + q / 2]);
      fours[h][q] =
          hn::BitCast(d64, q % 2 == 0 ? hn::InterleaveLower(d32, a, b)
                                      : hn::InterleaveUpper(d32, a, b));
    }
  auto *to = reinterpret_cast<uint16_t *>(panel);
  for (int q = 0; q < 4; ++q) {
    const auto a = fours[0][q], b = fours[1][q];
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, a, b)), d,
               to + 2 * q * stride);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, a, b)), d,
               to + (2 * q + 1) * stride);
  }
}

/// The depth side by side in memory: transposes.
template <typename S>
void packHalvesTransposing(const S *from, int64_t rowStride, int64_t width,
                           int64_t depth, int64_t stride, half *panel) {
  const int64_t whole = depth / 8 * 8;
  for (int64_t p = 0; p < whole; p += 8)
    for (int64_t i = 0; i < width; i += 8) {
      const int64_t row = std::min(i, width - 8);
      transposeEight(from + row * rowStride + p, rowStride, stride,
                     panel + p * stride + row);
    }
  for (int64_t i = 0; i < width; ++i)
    for (int64_t p = whole; p < depth; ++p)
      panel[p * stride + i] = static_cast<half>(from[i * rowStride + p]);
}

void packHalves(const ConstMatrix &from, int64_t width, int64_t depth,
                int64_t stride, half *panel) {
  auto pack = [&](auto *data) {
    if (from.rowStride == 1)
      packHalvesCopying(data, from.columnStride, width, depth, stride, panel);
    else
      packHalvesTransposing(data, from.rowStride, width, depth, stride, panel);
  };
  if (width < 8 || (from.rowStride != 1 && from.columnStride != 1))
    packWidened(from, width, depth, stride, panel);
  else if (from.type == MatrixType::F16)
    pack(static_cast<const half *>(from.data));
  else
    pack(static_cast<const float *>(from.data));
}
#endif

const Packing<float> *floatPacking() {
  static constexpr Packing<float> packing = {&packFloat, packHalves,
                                             /*isExact=*/true};
  return &packing;
}

const Packing<double> *doublePacking() {
  static constexpr Packing<double> packing = {&packDouble, nullptr,
                                              /*isExact=*/true};
  return &packing;
}

} // namespace anec::rt::gemm_detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt::gemm_detail {

HWY_EXPORT(floatPacking);
HWY_EXPORT(doublePacking);

template <> const Packing<float> &bestPacking() {
  static const Packing<float> *packing = HWY_DYNAMIC_DISPATCH(floatPacking)();
  return *packing;
}

template <> const Packing<double> &bestPacking() {
  static const Packing<double> *packing = HWY_DYNAMIC_DISPATCH(doublePacking)();
  return *packing;
}

} // namespace anec::rt::gemm_detail
#endif // HWY_ONCE
