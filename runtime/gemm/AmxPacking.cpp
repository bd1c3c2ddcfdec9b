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

constexpr int64_t groupVectors = amxTileRows, stepTerms = 32;
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

HWY_INLINE __mmask16 findNumbers(__m512 x) {
  constexpr int nanOrInfinity = 0x99;
  return static_cast<__mmask16>(~_mm512_fpclass_ps_mask(x, nanOrInfinity));
}

/// What rounding to bf16 would make infinite becomes its largest number.
HWY_INLINE __m512 limited(__m512 x, __mmask16 isNumber) {
  const __m512 largest = _mm512_set1_ps(0x1.FEp127F);
  const __m512 least = _mm512_sub_ps(_mm512_setzero_ps(), largest);
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

/// The parts of 32 numbers; infinity and NaN are their first part.
template <typename S, int parts>
HWY_INLINE void split(__m512 first, __m512 second, __m512i *part) {
  const __mmask16 isFirst = findNumbers(first), isSecond = findNumbers(second);
  if constexpr (parts == 3)
    part[0] = roundBoth(limited(first, isFirst), limited(second, isSecond));
  else
    part[0] = roundBoth(first, second);
#pragma GCC unroll 2
  for (int i = 1; i < parts; ++i) {
    const __m512i last = part[i - 1];
    first = _mm512_maskz_sub_ps(isFirst, first,
                                widen(_mm512_castsi512_si256(last)));
    second = _mm512_maskz_sub_ps(
        isSecond, second, widen(_mm512_maskz_extracti64x4_epi64(0xF, last, 1)));
    part[i] = roundBoth(first, second);
  }
}

/// A group's lines: numbers of a vector, or pairs of a term of all vectors.
template <int parts> using Lines = __m512i[parts][lanes];

/// Line i: the terms of vector i, `rowStride` apart.
template <typename S, int parts>
HWY_INLINE void splitAlong(const S *from, int64_t rowStride, int64_t vectors,
                           int64_t terms, Lines<parts> &lines) {
  const __mmask16 low = maskOf(terms), high = maskOf(terms - lanes);
  for (int i = 0; i < lanes; ++i) {
    const bool isThere = i < vectors;
    const S *vector = from + (isThere ? i * rowStride : 0);
    __m512i part[parts];
    split<S, parts>(loadLanes(vector, isThere ? low : 0),
                    loadLanes(vector + (high != 0 ? lanes : 0),
                              isThere ? high : __mmask16(0)),
                    part);
    for (int p = 0; p < parts; ++p)
      lines[p][i] = part[p];
  }
}

/// Line q: terms 2q and 2q + 1 of all vectors in turn; terms are `termStride`
/// apart.
template <typename S, int parts>
HWY_INLINE void splitAcross(const S *from, int64_t termStride, int64_t vectors,
                            int64_t terms, Lines<parts> &lines) {
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
    split<S, parts>(
        loadLanes(from + (evenMask != 0 ? even * termStride : 0), evenMask),
        loadLanes(from + (oddMask != 0 ? odd * termStride : 0), oddMask), part);
    for (int p = 0; p < parts; ++p)
      lines[p][q] = _mm512_permutexvar_epi16(order, part[p]);
  }
}

/// Sixteen lines of sixteen pairs.
HWY_INLINE void transpose(__m512i (&line)[lanes]) {
  __m512i t[lanes];
#pragma GCC unroll 4
  for (int i = 0; i < lanes; i += 4) {
    const __m512i a = _mm512_unpacklo_epi32(line[i], line[i + 1]);
    const __m512i b = _mm512_unpackhi_epi32(line[i], line[i + 1]);
    const __m512i c = _mm512_unpacklo_epi32(line[i + 2], line[i + 3]);
    const __m512i d = _mm512_unpackhi_epi32(line[i + 2], line[i + 3]);
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
    line[j] = _mm512_shuffle_i32x4(a, c, 0x88);
    line[j + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
    line[j + 8] = _mm512_shuffle_i32x4(a, c, 0xDD);
    line[j + 12] = _mm512_shuffle_i32x4(b, d, 0xDD);
  }
}

/// One that lies in memory neither way, as lines of vectors.
template <typename S, int parts>
void splitScattered(const ConstMatrix &from, int64_t vectors, int64_t terms,
                    Lines<parts> &lines) {
  S numbers[groupVectors * stepTerms];
  const S *data = static_cast<const S *>(from.data);
  for (int64_t i = 0; i < vectors; ++i)
    for (int64_t p = 0; p < terms; ++p)
      numbers[i * stepTerms + p] =
          data[i * from.rowStride + p * from.columnStride];
  splitAlong<S, parts>(numbers, stepTerms, vectors, terms, lines);
}

enum class Side { Left, Right };

/// Up to sixteen vectors of a step; `apart` elements between its lines, and
/// `partsApart` between its parts.
template <typename S, int parts, Side side>
void packGroup(const ConstMatrix &from, int64_t vectors, int64_t terms,
               int64_t apart, int64_t partsApart, AmxRow *to) {
  Lines<parts> lines;
  const S *data = static_cast<const S *>(from.data);
  Side found = Side::Left;
  if (from.columnStride == 1) {
    splitAlong<S, parts>(data, from.rowStride, vectors, terms, lines);
  } else if (from.rowStride == 1) {
    splitAcross<S, parts>(data, from.columnStride, vectors, terms, lines);
    found = Side::Right;
  } else {
    splitScattered<S, parts>(from, vectors, terms, lines);
  }
  for (int p = 0; p < parts; ++p) {
    if (found != side)
      transpose(lines[p]);
    for (int i = 0; i < lanes; ++i)
      _mm512_store_si512(to + p * partsApart + i * apart, lines[p][i]);
  }
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
      packGroup<S, parts, side>(part, count, std::min(stepTerms, depth - p),
                                isLeft ? 1 : groups, vectors,
                                panel + (isLeft ? first : group));
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
