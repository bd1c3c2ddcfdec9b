//===- AmxTile.cpp - The inner kernel on matrix units ---------------------===//
//
// Up to 2 x 2 tiles of sums stay in registers of 16 x 16 numbers, which leaves
// as many for two tiles of either operand. Sums go to memory and from there to
// C as those of other kernels do.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/AmxKernels.h"

#if defined(__x86_64__)

#include "runtime/gemm/ZeroTerms.h"
#include "runtime/support/AlignedBuffer.h"

#include <hwy/base.h>
#include <immintrin.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,amx-tile,amx-bf16")

namespace anec::rt::gemm_detail {

namespace {

constexpr int64_t width = amxPanelVectors, tileBytes = sizeof(AmxRow);
constexpr int64_t stepTerms = amxStepTerms;
/// From row to row of sums, and of pairs of a step.
constexpr int64_t lineBytes = width * int64_t(sizeof(float));

struct alignas(64) TileConfig {
  uint8_t palette = 1, startRow = 0, reserved[14] = {};
  uint16_t rowBytes[16] = {};
  uint8_t rows[16] = {};
};

/// Tiles 0 to 3 are sums, row by row; 4 and 5 of the left, 6 and 7 of the right
/// operand.
template <int rowTiles, int columnTiles> struct TileSums {
  static HWY_INLINE void clear() {
    _tile_zero(0);
    if constexpr (columnTiles == 2)
      _tile_zero(1);
    if constexpr (rowTiles == 2)
      _tile_zero(2);
    if constexpr (rowTiles == 2 && columnTiles == 2)
      _tile_zero(3);
  }

  static HWY_INLINE void store(float *sums) {
    float *below = sums + amxTileRows * width;
    _tile_stored(0, sums, lineBytes);
    if constexpr (columnTiles == 2)
      _tile_stored(1, sums + amxTileRows, lineBytes);
    if constexpr (rowTiles == 2)
      _tile_stored(2, below, lineBytes);
    if constexpr (rowTiles == 2 && columnTiles == 2)
      _tile_stored(3, below + amxTileRows, lineBytes);
  }

  static HWY_INLINE void loadLeft(const AmxRow *rows) {
    _tile_loadd(4, rows, tileBytes);
    if constexpr (rowTiles == 2)
      _tile_loadd(5, rows + amxTileRows, tileBytes);
  }

  static HWY_INLINE void loadRight(const AmxRow *pairs) {
    _tile_loadd(6, pairs, lineBytes);
    if constexpr (columnTiles == 2)
      _tile_loadd(7, pairs + 1, lineBytes);
  }

  static HWY_INLINE void addProducts() {
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (columnTiles == 2)
      _tile_dpbf16ps(1, 4, 7);
    if constexpr (rowTiles == 2)
      _tile_dpbf16ps(2, 5, 6);
    if constexpr (rowTiles == 2 && columnTiles == 2)
      _tile_dpbf16ps(3, 5, 7);
  }
};

/// One step: the products of all parts that count, the smallest first and that
/// of the first parts last, which rounds a short sum least. The order is that
/// of the parts of one side, `outer`, and for each of them those of the other
/// one, which stay where they are for the next.
template <class Tiles, int leftParts, int rightParts, Side outer>
HWY_INLINE void addStep(const AmxRow *a, int64_t partStride, const AmxRow *b) {
  constexpr bool isLeftOuter = outer == Side::Left;
  constexpr int outerParts = isLeftOuter ? leftParts : rightParts;
  constexpr int innerParts = isLeftOuter ? rightParts : leftParts;
  const auto load = [&](bool isLeft, int part) {
    if (isLeft)
      Tiles::loadLeft(a + part * partStride);
    else
      Tiles::loadRight(b + part * width);
  };
  int loaded = -1;
#pragma GCC unroll 3
  for (int i = outerParts - 1; i >= 0; --i) {
    load(isLeftOuter, i);
#pragma GCC unroll 3
    for (int j = 0; j < innerParts; ++j) {
      const int inner = i > 0 ? j : (j + 1) % innerParts;
      if (!isPartOfProduct(i, inner))
        continue;
      if (inner != loaded)
        load(!isLeftOuter, inner);
      loaded = inner;
      Tiles::addProducts();
    }
  }
}

float numberOf(uint16_t bf16) {
  const uint32_t bits = uint32_t(bf16) << 16;
  float number = 0;
  std::memcpy(&number, &bits, sizeof(number));
  return number;
}

/// The numbers of a panel again, as other kernels pack them: element (i, p) at
/// numbers[p * vectors + i]. Steps are `stride` elements apart; in each, the
/// first part of element (i, p) is number place(i, p).
template <typename Place>
void joinParts(int64_t depth, const AmxRow *panel, int64_t stride, int parts,
               int64_t vectors, const Place &place, float *numbers) {
  for (int64_t step = 0; step < depth; ++step, panel += stride)
    for (int64_t p = 0; p < stepTerms; ++p)
      for (int64_t i = 0; i < vectors; ++i) {
        const uint16_t *part = panel->numbers + place(i, p);
        float sum = numberOf(*part);
        for (int q = 1; q < parts && std::isfinite(sum); ++q)
          sum += numberOf(part[q * vectors * stepTerms]);
        *numbers++ = sum;
      }
}

/// The sums of `rows` rows that are not finite, again from whole numbers:
/// infinity times the parts of a number is not what it is times the number.
void multiplyAgain(int64_t depth, const AmxRow *a, int64_t aStride,
                   int leftParts, const AmxRow *b, int rightParts, int64_t rows,
                   float *sums) {
  static thread_local AlignedBuffer<float> left, right;
  const int64_t vectors = aStride / leftParts, terms = depth * stepTerms;
  const Tiles<float> &tiles = bestTiles<float>();
  assert(tiles.width == width && "tiles of another width");
  joinParts(
      depth, a, aStride, leftParts, vectors,
      [](int64_t i, int64_t p) { return i * stepTerms + p; },
      left.reserve(terms * vectors));
  joinParts(
      depth, b, width * rightParts, rightParts, width,
      [](int64_t j, int64_t p) { return (p / 2 * width + j) * 2 + p % 2; },
      right.reserve(terms * width));
  TileResult<float> again;
  Prefetch none;
  for (int64_t row = 0; row < rows; row += tiles.maxRows) {
    again.partial = sums + row * width;
    again.rows = std::min(tiles.maxRows, rows - row);
    tiles.tile(terms, left.data() + row, vectors, right.data(), none, again);
  }
}

/// to[i] = sums[i] + others[i]
HWY_INLINE void add(const float *sums, const float *others, int64_t count,
                    float *to) {
  for (int64_t i = 0; i < count; i += 16)
    _mm512_store_ps(to + i, _mm512_add_ps(_mm512_load_ps(sums + i),
                                          _mm512_load_ps(others + i)));
}

template <int leftParts, int rightParts, Side outer, int rowTiles,
          int columnTiles>
HWY_INLINE void tileOf(int64_t depth, const AmxRow *a, int64_t aStride,
                       const AmxRow *b, Prefetch &next,
                       const TileResult<float> &result) {
  using Tiles = TileSums<rowTiles, columnTiles>;
  constexpr int64_t rows = rowTiles * amxTileRows;
  alignas(64) float sums[rows * width];
  Tiles::clear();
  Prefetch ownResult = resultPart(result, depth);
  const int64_t partStride = aStride / leftParts;
  for (int64_t step = 0; step < depth; ++step) {
    next.one();
    ownResult.one();
    addStep<Tiles, leftParts, rightParts, outer>(a + step * aStride, partStride,
                                                 b + step * width * rightParts);
  }
  if constexpr (columnTiles == 1)
    std::fill_n(sums, rows * width, 0.0F);
  Tiles::store(sums);
  if (!isFinite(ConstMatrix(sums, rows * width), 1, rows * width))
    multiplyAgain(depth, a, aStride, leftParts, b, rightParts, result.rows,
                  sums);
  // Added here, not in tiles, as slices of other kernels are: sums of a million
  // terms would lose more from one rounding after the other.
  float *target = result.isComplete ? sums : result.partial;
  if (result.continues)
    add(sums, result.partial, rows * width, target);
  else if (!result.isComplete)
    std::memcpy(target, sums, sizeof(sums));
  if (result.isComplete)
    finishTile(sums, width, result);
}

template <int leftParts, int rightParts, Side outer, int rowTiles>
void tileOfRows(int64_t depth, const AmxRow *a, int64_t aStride,
                const AmxRow *b, Prefetch &next,
                const TileResult<float> &result) {
  if (result.columns > amxTileRows)
    tileOf<leftParts, rightParts, outer, rowTiles, 2>(depth, a, aStride, b,
                                                      next, result);
  else
    tileOf<leftParts, rightParts, outer, rowTiles, 1>(depth, a, aStride, b,
                                                      next, result);
}

template <int leftParts, int rightParts, Side outer>
void tile(int64_t depth, const AmxRow *a, int64_t aStride, const AmxRow *b,
          Prefetch &next, const TileResult<float> &result) {
  if (result.rows > amxTileRows)
    tileOfRows<leftParts, rightParts, outer, 2>(depth, a, aStride, b, next,
                                                result);
  else
    tileOfRows<leftParts, rightParts, outer, 1>(depth, a, aStride, b, next,
                                                result);
}

template <int leftParts, int rightParts, Side outer>
constexpr Tiles<AmxRow> makeTiles() {
  Tiles<AmxRow> tiles = {};
  tiles.maxRows = amxPanelVectors;
  tiles.width = width;
  tiles.rowsTogether = amxTileRows;
  tiles.leftElements = leftParts;
  tiles.rightElements = rightParts;
  tiles.tile = &tile<leftParts, rightParts, outer>;
  return tiles;
}

template <int leftParts, int rightParts, Side outer>
constexpr Tiles<AmxRow> tilesOf = makeTiles<leftParts, rightParts, outer>();

template <Side outer>
const Tiles<AmxRow> *findTiles(int leftParts, int rightParts) {
  static constexpr const Tiles<AmxRow> *tiles[maxParts][maxParts] = {
      {&tilesOf<1, 1, outer>, nullptr, nullptr},
      {nullptr, &tilesOf<2, 2, outer>, &tilesOf<2, 3, outer>},
      {nullptr, &tilesOf<3, 2, outer>, &tilesOf<3, 3, outer>}};
  return tiles[leftParts - 1][rightParts - 1];
}

// Functions of this file alone, to which GCC gives its instruction sets:
// members that a header declares do not have them.

void configureTiles() {
  static constexpr TileConfig config = [] {
    TileConfig whole;
    for (int i = 0; i < 8; ++i) {
      whole.rowBytes[i] = tileBytes;
      whole.rows[i] = amxTileRows;
    }
    return whole;
  }();
  _tile_loadconfig(&config);
}

void loadOperands(const AmxRow *rows) {
  _tile_loadd(4, rows, tileBytes);
  _tile_loadd(5, rows, tileBytes);
  _tile_loadd(6, rows, tileBytes);
  _tile_loadd(7, rows, tileBytes);
}

void releaseTiles() { _tile_release(); }

} // namespace

AmxTileState::AmxTileState() { configureTiles(); }
AmxTileState::~AmxTileState() { releaseTiles(); }

const Tiles<AmxRow> &amxTiles(int leftParts, int rightParts, Side outer) {
  return outer == Side::Left ? *findTiles<Side::Left>(leftParts, rightParts)
                             : *findTiles<Side::Right>(leftParts, rightParts);
}

double multiplyTiles(int64_t rounds) {
  constexpr double operations = 2.0 * amxTileRows * amxTileRows * stepTerms;
  // Of numbers that are not zeros, which would take less power.
  AmxRow rows[amxTileRows];
  for (int64_t i = 0; i < amxTileRows; ++i)
    for (int64_t p = 0; p < stepTerms; ++p)
      rows[i].numbers[p] = static_cast<uint16_t>(0x3F00 + 37 * i + 11 * p);
  // GCC does not know that loading a tile reads memory.
  asm volatile("" : : "r"(rows) : "memory");
  const AmxTileState state;
  loadOperands(rows);
  TileSums<2, 2>::clear();
  for (int64_t i = 0; i < rounds; ++i)
    TileSums<2, 2>::addProducts();
  return 4 * operations * double(rounds);
}

} // namespace anec::rt::gemm_detail

HWY_POP_ATTRIBUTES

#else

namespace anec::rt::gemm_detail {

AmxTileState::AmxTileState() = default;
AmxTileState::~AmxTileState() = default;

const Tiles<AmxRow> &amxTiles(int, int, Side) { __builtin_unreachable(); }
double multiplyTiles(int64_t) { __builtin_unreachable(); }

} // namespace anec::rt::gemm_detail

#endif
