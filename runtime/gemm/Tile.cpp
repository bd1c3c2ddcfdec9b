//===- Tile.cpp - The inner kernel of the matrix product ------------------===//
//
// One tile of C stays in registers: 14 x 2 vectors with AVX-512, 6 x 2 with
// AVX2, 8 x 3 on Arm. Complete sums go from there to C, rounded on the way.
//
//===----------------------------------------------------------------------===//
// Older sets convert halves in software, which the scalar code does as well.
#define HWY_DISABLED_TARGETS                                                   \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 |    \
   HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "runtime/gemm/Tile.cpp"
// clang-format off
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "runtime/gemm/Blocking.h"
#include "runtime/gemm/Kernels.h"
#include "runtime/support/VectorLoads-inl.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace anec::rt::gemm_detail::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using rt::HWY_NAMESPACE::load;
using rt::HWY_NAMESPACE::store;

#if HWY_TARGET <= HWY_AVX3
constexpr int64_t maxRows = 14, vectorsPerRow = 2;
#elif HWY_ARCH_ARM_A64
constexpr int64_t maxRows = 8, vectorsPerRow = 3;
#else
constexpr int64_t maxRows = 6, vectorsPerRow = 2;
#endif
static_assert(maxRows <= 16 && vectorsPerRow <= 4, "loops are unrolled so far");

template <typename T>
constexpr int64_t lanesOf = hn::MaxLanes(hn::ScalableTag<T>());
template <typename T> constexpr int64_t widthOf = vectorsPerRow * lanesOf<T>;

/// A tile's sums in registers. Every loop over it must be unrolled, or the
/// compiler keeps them in memory.
template <typename T, int rows>
using Sums = hn::Vec<hn::ScalableTag<T>>[rows][vectorsPerRow];

/// Terms ahead of which a panel of B is asked for: more than the second cache
/// takes, less than what the first one holds.
constexpr int64_t termsAhead = 8;

/// As many elements as a vector has lanes.
template <typename T>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> loadElements(const T *from) {
  return hn::Load(hn::ScalableTag<T>(), from);
}

template <typename T>
HWY_INLINE hn::Vec<hn::ScalableTag<T>> repeatElement(const T *from) {
  return hn::Set(hn::ScalableTag<T>(), *from);
}

/// The sums and the products of elements of type `Number`.
template <typename Number, class V>
HWY_INLINE V addProducts(V left, V right, V sums) {
  return hn::MulAdd(left, right, sums);
}

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#define ANEC_HAS_PAIRS 1
using FloatVector = hn::Vec<hn::ScalableTag<float>>;

HWY_INLINE FloatVector loadElements(const Bf16Pair *from) {
  return hn::BitCast(hn::ScalableTag<float>(),
                     hn::Load(hn::ScalableTag<uint32_t>(), &from->bits));
}

HWY_INLINE FloatVector repeatElement(const Bf16Pair *from) {
  return hn::BitCast(hn::ScalableTag<float>(),
                     hn::Set(hn::ScalableTag<uint32_t>(), from->bits));
}

/// The second products first, each rounded to f32 when it is added. As assembly
/// because the targets of Highway 1.0 leave AVX512-BF16 out, and a function for
/// a wider one could not become part of the tile.
template <>
HWY_INLINE FloatVector addProducts<Bf16Pair>(FloatVector left,
                                             FloatVector right,
                                             FloatVector sums) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sums.raw) : "v"(left.raw), "v"(right.raw));
  return sums;
}
#endif

template <typename Number, int rows>
HWY_INLINE void addTerms(int64_t depth, const Number *HWY_RESTRICT a,
                         int64_t aStride, const Number *HWY_RESTRICT b,
                         Prefetch &next, Prefetch &ownResult,
                         Sums<SumOf<Number>, rows> &sums) {
  using T = SumOf<Number>;
  constexpr int64_t lanes = lanesOf<T>, width = widthOf<T>;
  int64_t untilPrefetch = 1;
  for (int64_t p = 0; p < depth; ++p) {
    if (--untilPrefetch == 0) {
      untilPrefetch = PanelElement<Number>::elementsPerRequest;
      next.one();
      ownResult.one();
    }
    hn::Vec<hn::ScalableTag<T>> column[vectorsPerRow];
#pragma GCC unroll 4
    for (int v = 0; v < vectorsPerRow; ++v) {
      column[v] = loadElements(b + v * lanes);
      hwy::Prefetch(b + termsAhead * width + v * lanes);
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const auto scale = repeatElement(a + i);
#pragma GCC unroll 4
      for (int v = 0; v < vectorsPerRow; ++v)
        sums[i][v] = addProducts<Number>(scale, column[v], sums[i][v]);
    }
    a += aStride;
    b += width;
  }
}

enum class Storing { Overwrite, Add, Stream };

/// To whole rows of C, or onto them.
template <typename T, int rows, Storing how, typename U>
HWY_INLINE void storeRows(const Sums<T, rows> &sums, T alpha, U *c,
                          int64_t rowStride) {
  const hn::ScalableTag<T> d;
  const auto scale = hn::Set(d, alpha);
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < vectorsPerRow; ++v) {
      U *place = c + v * lanesOf<T>;
      auto numbers = hn::Mul(sums[i][v], scale);
      if constexpr (how == Storing::Add)
        numbers = hn::Add(load(d, place), numbers);
      if constexpr (how == Storing::Stream)
        hn::Stream(numbers, d, place);
      else
        store(d, numbers, place);
    }
    c += rowStride;
  }
}

/// Some columns of C, or columns that do not lie side by side.
template <typename T, typename U>
void storeElements(const T *tile, int64_t rows, const TileResult<T> &result) {
  const Matrix &c = result.c;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < result.columns; ++j) {
      U &element =
          static_cast<U *>(c.data)[i * c.rowStride + j * c.columnStride];
      const T number = tile[i * widthOf<T> + j] * result.alpha;
      element = static_cast<U>(
          result.accumulate ? static_cast<T>(element) + number : number);
    }
}

template <typename T, int rows, typename U>
HWY_INLINE void storeSums(const Sums<T, rows> &sums,
                          const TileResult<T> &result) {
  U *c = static_cast<U *>(result.c.data);
  const int64_t stride = result.c.rowStride;
  if (result.columns < widthOf<T> || result.c.columnStride != 1) {
    HWY_ALIGN T tile[rows * widthOf<T>];
    storeRows<T, rows, Storing::Overwrite>(sums, T(1), tile, widthOf<T>);
    storeElements<T, U>(tile, rows, result);
  } else if (result.accumulate) {
    storeRows<T, rows, Storing::Add>(sums, result.alpha, c, stride);
  } else if (result.streams && sizeof(T) == sizeof(U)) {
    if constexpr (sizeof(T) == sizeof(U))
      storeRows<T, rows, Storing::Stream>(sums, result.alpha, c, stride);
  } else {
    storeRows<T, rows, Storing::Overwrite>(sums, result.alpha, c, stride);
  }
}

template <typename T>
T squaresOfElements(int64_t rows, const Matrix &c, int64_t columns) {
  T sum = 0;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      const T element =
          static_cast<const T *>(c.data)[i * c.rowStride + j * c.columnStride];
      sum += element * element;
    }
  return sum;
}

/// After C was stored: from registers what overwrote it, which may be in no
/// cache, and from C what was added to it.
template <typename T, int rows>
HWY_INLINE void storeSquares(const Sums<T, rows> &sums,
                             const TileResult<T> &result) {
  const hn::ScalableTag<T> d;
  if (result.columns < widthOf<T> || result.c.columnStride != 1) {
    *result.squares = squaresOfElements<T>(rows, result.c, result.columns);
    return;
  }
  const auto scale = hn::Set(d, result.alpha);
  const T *row = static_cast<const T *>(result.c.data);
  hn::Vec<decltype(d)> squares[vectorsPerRow];
#pragma GCC unroll 4
  for (int v = 0; v < vectorsPerRow; ++v)
    squares[v] = hn::Zero(d);
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < vectorsPerRow; ++v) {
      const auto number = result.accumulate ? hn::LoadU(d, row + v * lanesOf<T>)
                                            : hn::Mul(sums[i][v], scale);
      squares[v] = hn::MulAdd(number, number, squares[v]);
    }
    row += result.c.rowStride;
  }
#pragma GCC unroll 4
  for (int v = 1; v < vectorsPerRow; ++v)
    squares[0] = hn::Add(squares[0], squares[v]);
  *result.squares = hn::GetLane(hn::SumOfLanes(d, squares[0]));
}

/// What the sums make with rows of `with`, column by column.
template <typename T, int rows>
HWY_INLINE void storeWholeDots(const Sums<T, rows> &sums, T alpha,
                               const T *with, int64_t withStride, T *dots) {
  const hn::ScalableTag<T> d;
  const auto scale = hn::Set(d, alpha);
  hn::Vec<decltype(d)> dot[vectorsPerRow];
#pragma GCC unroll 4
  for (int v = 0; v < vectorsPerRow; ++v)
    dot[v] = hn::Zero(d);
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < vectorsPerRow; ++v)
      dot[v] =
          hn::MulAdd(sums[i][v], hn::LoadU(d, with + v * lanesOf<T>), dot[v]);
    with += withStride;
  }
#pragma GCC unroll 4
  for (int v = 0; v < vectorsPerRow; ++v)
    hn::StoreU(hn::Mul(dot[v], scale), d, dots + v * lanesOf<T>);
}

template <typename T, int rows>
HWY_INLINE void storeDots(const Sums<T, rows> &sums,
                          const TileResult<T> &result) {
  if (result.columns == widthOf<T>)
    return storeWholeDots<T, rows>(sums, result.alpha, result.with,
                                   result.withStride, result.dots);
  HWY_ALIGN T with[rows * widthOf<T>] = {};
  for (int64_t i = 0; i < rows; ++i)
    std::copy_n(result.with + i * result.withStride, result.columns,
                with + i * widthOf<T>);
  storeWholeDots<T, rows>(sums, result.alpha, with, widthOf<T>, result.dots);
}

/// Where complete sums go.
template <typename T, int rows>
HWY_INLINE void finishSums(const Sums<T, rows> &sums,
                           const TileResult<T> &result) {
  if (result.dots)
    storeDots<T, rows>(sums, result);
  if constexpr (sizeof(T) == 8)
    storeSums<T, rows, double>(sums, result);
  else if (result.c.type == MatrixType::F16)
    storeSums<T, rows, half>(sums, result);
  else
    storeSums<T, rows, float>(sums, result);
  if (result.squares)
    storeSquares<T, rows>(sums, result);
}

/// The same of sums in memory.
template <typename T, int rows>
void finishRows(const T *from, int64_t stride, const TileResult<T> &result) {
  const hn::ScalableTag<T> d;
  Sums<T, rows> sums;
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < vectorsPerRow; ++v)
      sums[i][v] = hn::LoadU(d, from + i * stride + v * lanesOf<T>);
  finishSums<T, rows>(sums, result);
}

template <typename Number, int rows>
void tileOfRows(int64_t depth, const Number *a, int64_t aStride,
                const Number *b, Prefetch &next,
                const TileResult<SumOf<Number>> &result) {
  using T = SumOf<Number>;
  const hn::ScalableTag<T> d;
  Sums<T, rows> sums;
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
    for (int v = 0; v < vectorsPerRow; ++v)
      sums[i][v] = hn::Zero(d);
  Prefetch ownResult =
      resultPart(result, depth / PanelElement<Number>::elementsPerRequest);
  addTerms<Number, rows>(depth, a, aStride, b, next, ownResult, sums);
  if (result.continues)
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 4
      for (int v = 0; v < vectorsPerRow; ++v)
        sums[i][v] = hn::Add(
            hn::Load(d, result.partial + i * widthOf<T> + v * lanesOf<T>),
            sums[i][v]);
  if (result.isComplete)
    finishSums<T, rows>(sums, result);
  else
    storeRows<T, rows, Storing::Overwrite>(sums, T(1), result.partial,
                                           widthOf<T>);
}

/// The functions of one number of rows after the other.
template <typename Number, class Counts> struct ByRows;
template <typename Number, size_t... counts>
struct ByRows<Number, std::index_sequence<counts...>> {
  using Sum = SumOf<Number>;

  static void tile(int64_t depth, const Number *a, int64_t aStride,
                   const Number *b, Prefetch &next,
                   const TileResult<Sum> &result) {
    static constexpr TileFunction<Number> functions[] = {
        &tileOfRows<Number, int(counts) + 1>...};
    functions[result.rows - 1](depth, a, aStride, b, next, result);
  }

  static void finish(const Sum *sums, int64_t stride,
                     const TileResult<Sum> &result) {
    static constexpr FinishFunction<Sum> functions[] = {
        &finishRows<Sum, int(counts) + 1>...};
    functions[result.rows - 1](sums, stride, result);
  }
};

template <typename Number> const Tiles<Number> *tilesOf() {
  using Functions = ByRows<Number, std::make_index_sequence<maxRows>>;
  static constexpr Tiles<Number> tiles = {maxRows, widthOf<SumOf<Number>>,
                                          &Functions::tile, &Functions::finish};
  return &tiles;
}

const Tiles<float> *floatTiles() { return tilesOf<float>(); }

const Tiles<double> *doubleTiles() { return tilesOf<double>(); }

const Tiles<Bf16Pair> *pairTiles() {
#ifdef ANEC_HAS_PAIRS
#undef ANEC_HAS_PAIRS
  // Also whether the system keeps the registers.
  if (__builtin_cpu_supports("avx512bf16"))
    return tilesOf<Bf16Pair>();
#endif
  return nullptr;
}

} // namespace anec::rt::gemm_detail::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace anec::rt::gemm_detail {

HWY_EXPORT(floatTiles);
HWY_EXPORT(doubleTiles);
HWY_EXPORT(pairTiles);

template <> const Tiles<float> &bestTiles() {
  static const Tiles<float> *tiles = HWY_DYNAMIC_DISPATCH(floatTiles)();
  return *tiles;
}

template <> const Tiles<double> &bestTiles() {
  static const Tiles<double> *tiles = HWY_DYNAMIC_DISPATCH(doubleTiles)();
  return *tiles;
}

const Tiles<Bf16Pair> *findPairTiles() {
  static const Tiles<Bf16Pair> *tiles = HWY_DYNAMIC_DISPATCH(pairTiles)();
  return tiles;
}

template <> const Tiles<Bf16Pair> &bestTiles() { return *findPairTiles(); }

} // namespace anec::rt::gemm_detail
#endif // HWY_ONCE
