//===- AmxPacking.cpp - Operands of products on matrix units --------------===//
//
// Sixteen vectors and 32 terms at a time are split in registers, as they lie in
// memory: numbers of a vector side by side, or those of a term. One side of a
// product wants the former and the other one pairs of the latter; 16 x 16 pairs
// are transposed where it is not so.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/AmxKernels.h"

#if defined(__x86_64__)

#include <hwy/base.h>
#include <immintrin.h>

#include <algorithm>

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,f16c,fma")

namespace anec::rt::gemm_detail {

namespace {

constexpr int64_t groupVectors = amxTileRows, stepTerms = amxStepTerms;
constexpr int lanes = 16;

HWY_INLINE __m512 loadLanes(const half *from, __mmask16 mask) {
  return _mm512_maskz_cvtph_ps(mask, _mm256_maskz_loadu_epi16(mask, from));
}
HWY_INLINE __m512 loadLanes(const float *from, __mmask16 mask) {
  return _mm512_maskz_loadu_ps(mask, from);
}

/// The first `count` lanes.
HWY_INLINE __mmask16 maskOf(int64_t count) {
  return static_cast<__mmask16>((1U << std::clamp<int64_t>(count, 0, lanes)) -
                                1);
}

/// What rounding to bf16 would make infinite becomes its largest number.
HWY_INLINE __m512 limited(__m512 x) {
  constexpr int nanOrInfinity = 0x99;
  const __mmask16 isNumber =
      static_cast<__mmask16>(~_mm512_fpclass_ps_mask(x, nanOrInfinity));
  const __m512 largest = _mm512_set1_ps(0x1.FEp127F);
  const __m512 least = _mm512_set1_ps(-0x1.FEp127F);
  return _mm512_mask_max_ps(x, isNumber, _mm512_min_ps(x, largest), least);
}

/// Both rounded to bf16: `first` in the lower 16 numbers.
HWY_INLINE __m512i roundBoth(__m512 first, __m512 second) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
}

HWY_INLINE __m512 widen(__m256i numbers) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(numbers), 16));
}

/// The parts of 32 numbers. The first one of infinity or NaN is that.
template <int parts>
HWY_INLINE void split(__m512 first, __m512 second, __m512i *part) {
  part[0] = parts == 3 ? roundBoth(limited(first), limited(second))
                       : roundBoth(first, second);
#pragma GCC unroll 2
  for (int i = 1; i < parts; ++i) {
    const __m512i last = part[i - 1];
    first = _mm512_sub_ps(first, widen(_mm512_castsi512_si256(last)));
    second = _mm512_sub_ps(
        second, widen(_mm512_maskz_extracti64x4_epi64(0xF, last, 1)));
    part[i] = roundBoth(first, second);
  }
}

/// Where a group's lines go: numbers of a vector, or pairs of a term of all
/// vectors.
struct Lines {
  AmxRow *first;
  /// Elements from line to line and from part to part.
  int64_t apart, partsApart;

  HWY_INLINE AmxRow *at(int line, int part) const {
    return first + line * apart + part * partsApart;
  }
};

template <int parts>
HWY_INLINE void store(const __m512i *part, const Lines &lines, int line) {
#pragma GCC unroll 3
  for (int p = 0; p < parts; ++p)
    _mm512_store_si512(lines.at(line, p), part[p]);
}

/// Line i: the terms of vector i, `rowStride` apart.
template <typename S, int parts>
HWY_INLINE void splitAlong(const S *from, int64_t rowStride, int64_t vectors,
                           int64_t terms, const Lines &lines) {
  const __mmask16 low = maskOf(terms), high = maskOf(terms - lanes);
  const int64_t second = high != 0 ? lanes : 0;
  __m512i part[parts] = {};
  for (int i = 0; i < vectors; ++i) {
    split<parts>(loadLanes(from, low), loadLanes(from + second, high), part);
    store<parts>(part, lines, i);
    from += rowStride;
  }
  std::fill_n(part, parts, _mm512_setzero_si512());
  for (int i = static_cast<int>(vectors); i < lanes; ++i)
    store<parts>(part, lines, i);
}

/// Line q: terms 2q and 2q + 1 of all vectors in turn; terms are `termStride`
/// apart.
template <typename S, int parts>
HWY_INLINE void splitAcross(const S *from, int64_t termStride, int64_t vectors,
                            int64_t terms, const Lines &lines) {
  alignas(64) static constexpr uint16_t inTurn[32] = {
      0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i order = _mm512_load_si512(inTurn);
  const __mmask16 mask = maskOf(vectors);
  for (int q = 0; q < lanes; ++q) {
    const int64_t even = 2 * q, odd = even + 1;
    const __mmask16 evenMask = even < terms ? mask : __mmask16(0);
    const __mmask16 oddMask = odd < terms ? mask : __mmask16(0);
    __m512i part[parts];
    split<parts>(
        loadLanes(from + (evenMask != 0 ? even * termStride : 0), evenMask),
        loadLanes(from + (oddMask != 0 ? odd * termStride : 0), oddMask), part);
#pragma GCC unroll 3
    for (int p = 0; p < parts; ++p)
      part[p] = _mm512_permutexvar_epi16(order, part[p]);
    store<parts>(part, lines, q);
  }
}

/// Sixteen lines of sixteen pairs, side by side, to lines `apart` from each
/// other.
HWY_INLINE void transpose(const AmxRow *lines, int64_t apart, AmxRow *to) {
  __m512i t[lanes];
#pragma GCC unroll 4
  for (int i = 0; i < lanes; i += 4) {
    const __m512i l0 = _mm512_load_si512(lines + i);
    const __m512i l1 = _mm512_load_si512(lines + i + 1);
    const __m512i l2 = _mm512_load_si512(lines + i + 2);
    const __m512i l3 = _mm512_load_si512(lines + i + 3);
    const __m512i a = _mm512_unpacklo_epi32(l0, l1);
    const __m512i b = _mm512_unpackhi_epi32(l0, l1);
    const __m512i c = _mm512_unpacklo_epi32(l2, l3);
    const __m512i d = _mm512_unpackhi_epi32(l2, l3);
    t[i] = _mm512_unpacklo_epi64(a, c);
    t[i + 1] = _mm512_unpackhi_epi64(a, c);
    t[i + 2] = _mm512_unpacklo_epi64(b, d);
    t[i + 3] = _mm512_unpackhi_epi64(b, d);
  }
  // t[4g + j]: of lines 4g to 4g + 3 columns j, j + 4, j + 8 and j + 12.
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512i a = _mm512_shuffle_i32x4(t[j], t[j + 4], 0x88);
    const __m512i b = _mm512_shuffle_i32x4(t[j], t[j + 4], 0xDD);
    const __m512i c = _mm512_shuffle_i32x4(t[j + 8], t[j + 12], 0x88);
    const __m512i d = _mm512_shuffle_i32x4(t[j + 8], t[j + 12], 0xDD);
    const auto at = [&](int line) { return to + line * apart; };
    _mm512_store_si512(at(j), _mm512_shuffle_i32x4(a, c, 0x88));
    _mm512_store_si512(at(j + 4), _mm512_shuffle_i32x4(b, d, 0x88));
    _mm512_store_si512(at(j + 8), _mm512_shuffle_i32x4(a, c, 0xDD));
    _mm512_store_si512(at(j + 12), _mm512_shuffle_i32x4(b, d, 0xDD));
  }
}

/// One that lies in memory neither way, as lines of vectors.
template <typename S, int parts>
void splitScattered(const ConstMatrix &from, int64_t vectors, int64_t terms,
                    const Lines &lines) {
  S numbers[groupVectors * stepTerms];
  const S *data = static_cast<const S *>(from.data);
  for (int64_t i = 0; i < vectors; ++i)
    for (int64_t p = 0; p < terms; ++p)
      numbers[i * stepTerms + p] =
          data[i * from.rowStride + p * from.columnStride];
  splitAlong<S, parts>(numbers, stepTerms, vectors, terms, lines);
}

/// Up to sixteen vectors of a step.
template <typename S, int parts, Side side>
void packGroup(const ConstMatrix &from, int64_t vectors, int64_t terms,
               const Lines &to) {
  const S *data = static_cast<const S *>(from.data);
  const bool isAcross = from.columnStride != 1 && from.rowStride == 1;
  const bool isInOrder = isAcross == (side == Side::Right);
  AmxRow found[parts * lanes];
  const Lines lines = isInOrder ? to : Lines{found, 1, lanes};
  if (isAcross)
    splitAcross<S, parts>(data, from.columnStride, vectors, terms, lines);
  else if (from.columnStride == 1)
    splitAlong<S, parts>(data, from.rowStride, vectors, terms, lines);
  else
    splitScattered<S, parts>(from, vectors, terms, lines);
  for (int p = 0; p < parts && !isInOrder; ++p)
    transpose(lines.at(0, p), to.apart, to.at(0, p));
}

template <typename S, int parts, Side side>
void packFrom(const ConstMatrix &from, int64_t width, int64_t depth,
              int64_t stride, AmxRow *panel) {
  const int64_t vectors = stride / parts, groups = vectors / groupVectors;
  const bool isLeft = side == Side::Left;
  for (int64_t p = 0; p < depth; p += stepTerms, panel += stride)
    for (int64_t group = 0; group < groups; ++group) {
      const int64_t first = group * groupVectors;
      const int64_t count = std::clamp<int64_t>(width - first, 0, groupVectors);
      ConstMatrix part = from;
      part.data =
          static_cast<const S *>(from.data) +
          (count > 0 ? first * from.rowStride + p * from.columnStride : 0);
      packGroup<S, parts, side>(
          part, count, std::min(stepTerms, depth - p),
          {panel + (isLeft ? first : group), isLeft ? 1 : groups, vectors});
    }
}

template <int parts, Side side>
void pack(const ConstMatrix &from, int64_t width, int64_t depth, int64_t stride,
          AmxRow *panel) {
  if (from.type == MatrixType::F16)
    packFrom<half, parts, side>(from, width, depth, stride, panel);
  else
    packFrom<float, parts, side>(from, width, depth, stride, panel);
}

template <int parts, Side side>
constexpr Packing<AmxRow> packing = {&pack<parts, side>, nullptr,
                                     /*isExact=*/parts != 1};

template <Side side> const Packing<AmxRow> &packingOf(int parts) {
  static constexpr Packing<AmxRow> packings[maxParts] = {
      packing<1, side>, packing<2, side>, packing<3, side>};
  return packings[parts - 1];
}

} // namespace

const Packing<AmxRow> &amxLeftPacking(int parts) {
  return packingOf<Side::Left>(parts);
}

const Packing<AmxRow> &amxRightPacking(int parts) {
  return packingOf<Side::Right>(parts);
}

} // namespace anec::rt::gemm_detail

HWY_POP_ATTRIBUTES

#else

namespace anec::rt::gemm_detail {

const Packing<AmxRow> &amxLeftPacking(int) { __builtin_unreachable(); }
const Packing<AmxRow> &amxRightPacking(int) { __builtin_unreachable(); }

} // namespace anec::rt::gemm_detail

#endif
