//===- Kernels.h - The parts of the matrix product --------------*- C++ -*-===//
//
// What is compiled once per instruction set: packing and the inner kernel.
// Blocking and threads are in Product.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_KERNELS_H
#define ANEC_RUNTIME_GEMM_KERNELS_H

#include "runtime/gemm/Blocking.h"
#include "runtime/gemm/Gemm.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace anec::rt::gemm_detail {

/// An element of a panel: a number, which is one term of a sum of its type, or
/// several of which the instruction set adds up the products.
template <typename T> struct PanelElement {
  using Sum = T;
  static constexpr int64_t terms = 1;
  /// Elements of a slice of the terms: what the inner kernel reads again and
  /// again stays in the first two caches.
  static constexpr int64_t maxDepth = 384;
  /// Elements of B that are packed at a time: half of the second cache.
  static constexpr int64_t blockElements = 1 << 18;
  /// B is packed as it lies in memory, which another core may just have
  /// written: by columns, or so many elements of all columns at a time.
  static constexpr int64_t depthAtOnce = 16;
  /// A tile asks for what will be read once in so many elements.
  static constexpr int64_t elementsPerRequest = 8;
};
template <typename T> using SumOf = typename PanelElement<T>::Sum;

/// Two numbers of bf16 that follow each other along the terms, the first in the
/// lower half.
struct Bf16Pair {
  uint32_t bits;
};
template <> struct PanelElement<Bf16Pair> : PanelElement<float> {
  static constexpr int64_t terms = 2;
};

/// Numbers of bf16 that follow each other along the terms, as many as a row of
/// a tile of AMX; on the right side pairs of several vectors take turns.
struct alignas(64) AmxRow {
  uint16_t numbers[32];
};
template <> struct PanelElement<AmxRow> {
  using Sum = float;
  static constexpr int64_t terms = 32;
  /// Shared by the parts of a number. Longer slices than the first cache holds:
  /// sums pass through memory between two of them.
  static constexpr int64_t maxDepth = 48;
  static constexpr int64_t blockElements = 24576;
  static constexpr int64_t depthAtOnce = 1;
  static constexpr int64_t elementsPerRequest = 1;
};

/// Writes a panel of `width` vectors of length `depth`, element (i, p) at
/// `panel[p * stride + i]`. `from` addresses them as rows: (i, p) is at
/// `i * rowStride + p * columnStride`. Elements from `width` to `stride` are
/// undefined. `depth` counts terms; an element that has several is filled with
/// zeros behind the last.
template <typename T>
using PackFunction = void (*)(const ConstMatrix &from, int64_t width,
                              int64_t depth, int64_t stride, T *panel);

/// The same in halves, each rounded once to nearest even. Nothing is written
/// outside of the elements (i, p), so that others may write beside them.
using PackHalvesFunction = void (*)(const ConstMatrix &from, int64_t width,
                                    int64_t depth, int64_t stride, half *panel);

template <typename T> struct Packing {
  PackFunction<T> pack;
  /// Only for float.
  PackHalvesFunction packHalves = nullptr;
  /// Whether numbers are packed as they are, so that what is 0 or finite stays
  /// it.
  bool isExact = false;
};

/// Where the sums of a tile go. Elements of a tile are `width` apart by row.
template <typename T> struct TileResult {
  /// Sums of earlier terms, which are added when `continues`; takes the sums
  /// unless they are complete.
  T *partial = nullptr;
  bool continues = false;
  /// c = alpha * sums, or c += alpha * sums, each element rounded once. `c` is
  /// the part of the result below the tile, `rows` and `columns` of the tile's.
  bool isComplete = false, accumulate = false;
  /// Past the caches, where whole lines of C are overwritten that nobody reads
  /// soon; needs C of T, aligned to whole vectors.
  bool streams = false;
  T alpha = 1;
  Matrix c;
  int64_t rows = 0, columns = 0;
  /// Unless null: the part below the tile of a matrix of the shape of C, its
  /// rows `withStride` apart, and where the sums over the tile's rows of
  /// alpha * sums * with go, one for each column of a whole tile.
  const T *with = nullptr;
  int64_t withStride = 0;
  T *dots = nullptr;
  /// Unless null: where the sum of the squares of `c` goes, with complete sums.
  T *squares = nullptr;
};

/// Memory that will be read soon, asked for little by little: many requests at
/// once would hold up those of the arithmetic.
class Prefetch {
public:
  Prefetch() = default;
  /// `rows` of `bytes` each, `rowBytes` apart, in at most `requests` requests.
  Prefetch(const void *first, int64_t bytes, int64_t rows, int64_t rowBytes,
           int64_t requests)
      : row(static_cast<const uint8_t *>(first)), bytes(bytes), rows(rows),
        rowBytes(rowBytes) {
    setRequests(requests);
  }

  /// Asks for as many rows of as many bytes from `first` on, `otherRowBytes`
  /// apart, when it has asked for its own; as many requests for both.
  void followBy(const void *first, int64_t otherRowBytes, int64_t requests) {
    following = static_cast<const uint8_t *>(first);
    followingRows = rows;
    followingRowBytes = otherRowBytes;
    setRequests(requests);
  }

  void one() {
    for (int64_t i = 0; i < linesPerRequest && rows > 0; ++i) {
      __builtin_prefetch(row + done, 0, 2);
      done += lineBytes;
      if (done >= bytes)
        nextRow();
    }
  }

private:
  static constexpr int64_t lineBytes = 64;

  void setRequests(int64_t requests) {
    const int64_t lines =
        (rows + followingRows) * ((bytes + lineBytes - 1) / lineBytes);
    requests = std::max<int64_t>(1, requests);
    linesPerRequest = (lines + requests - 1) / requests;
  }

  void nextRow() {
    done = 0;
    row += rowBytes;
    if (--rows > 0 || !following)
      return;
    row = std::exchange(following, nullptr);
    rows = followingRows;
    rowBytes = followingRowBytes;
  }

  const uint8_t *row = nullptr, *following = nullptr;
  int64_t done = 0, bytes = 0, rows = 0, rowBytes = 0, linesPerRequest = 0;
  int64_t followingRows = 0, followingRowBytes = 0;
};

/// The sums over p of a[p * aStride + i] * b[p * width + j] for a tile; `depth`
/// counts elements.
template <typename T>
using TileFunction = void (*)(int64_t depth, const T *a, int64_t aStride,
                              const T *b, Prefetch &next,
                              const TileResult<SumOf<T>> &result);

/// Puts complete sums, `stride` from row to row of a tile, where the result
/// says.
template <typename T>
using FinishFunction = void (*)(const T *sums, int64_t stride,
                                const TileResult<T> &result);

template <typename T> struct Tiles {
  /// Tallest tile and the width of every tile.
  int64_t maxRows, width;
  TileFunction<T> tile;
  /// For those who have sums in memory; only of float and double.
  FinishFunction<SumOf<T>> finish = nullptr;
  /// A panel has a multiple of so many rows.
  int64_t rowsTogether = 1;
  /// Elements of panels of A and B for each vector and depth.
  int64_t leftElements = 1, rightElements = 1;

  /// Rows of the panels that `rows` of A are cut into.
  int64_t panelRows(int64_t rows) const {
    return ceilDiv(evenPart(rows, maxRows), rowsTogether) * rowsTogether;
  }
};

/// What a product is made of.
template <typename T> struct Kernels {
  const Tiles<T> &tiles;
  /// Of A and of B.
  const Packing<T> &left, &right;
};

/// The parts of C and of `with` that will be read or overwritten and are seldom
/// in a cache: a store of part of a line reads it as well. `requests` is how
/// often a tile asks.
template <typename T>
Prefetch resultPart(const TileResult<T> &result, int64_t requests) {
  if (!result.isComplete || result.c.columnStride != 1)
    return Prefetch();
  const int64_t bytes = result.columns * elementBytes(result.c.type);
  const int64_t rowBytes = result.c.rowStride * elementBytes(result.c.type);
  const int64_t withBytes = result.withStride * int64_t(sizeof(T));
  if (result.streams)
    return result.dots
               ? Prefetch(result.with, bytes, result.rows, withBytes, requests)
               : Prefetch();
  Prefetch part(result.c.data, bytes, result.rows, rowBytes, requests);
  if (result.dots)
    part.followBy(result.with, withBytes, requests);
  return part;
}

/// Puts complete sums of a tile of any size where the result says, by as many
/// rows and columns as the vector kernel has.
void finishTile(const float *sums, int64_t stride,
                const TileResult<float> &result);

/// Those of the best instruction set of this machine; float and double.
template <typename T> const Packing<T> &bestPacking();
template <typename T> const Tiles<T> &bestTiles();

template <> const Packing<float> &bestPacking();
template <> const Packing<double> &bestPacking();
template <> const Tiles<float> &bestTiles();
template <> const Tiles<double> &bestTiles();

/// Numbers rounded to bf16, as float and as pairs.
const Packing<float> &bestRoundedPacking();
template <> const Packing<Bf16Pair> &bestPacking();
/// Null where the CPU has no dot products of bf16.
const Tiles<Bf16Pair> *findPairTiles();
template <> const Tiles<Bf16Pair> &bestTiles();

} // namespace anec::rt::gemm_detail

#endif // ANEC_RUNTIME_GEMM_KERNELS_H
