//===- Product.h - One matrix product of panels -----------------*- C++ -*-===//
//
// Internal to runtime/gemm. Blocks of A and B are packed into panels, then a
// fixed grid of output tiles is computed from them. No size that a sum depends
// on depends on the number of threads.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_PRODUCT_H
#define ANEC_RUNTIME_GEMM_PRODUCT_H

#include "runtime/gemm/AmxKernels.h"
#include "runtime/gemm/Blocking.h"
#include "runtime/gemm/Gemm.h"
#include "runtime/gemm/Kernels.h"
#include "runtime/gemm/PackedMatrix.h"
#include "runtime/gemm/ZeroTerms.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cstdint>

namespace anec::rt::gemm_detail {

/// A block of B in the order of the inner kernel.
template <typename T> struct PackedBlock {
  T *numbers = nullptr;
  /// By panel, those that are packed.
  Terms *terms = nullptr;
};

/// One product of panels of T. Depths count their elements.
template <typename T> class Product {
  using Sum = SumOf<T>;

public:
  /// `packed` stands for `a` unless it is null.
  Product(int64_t m, int64_t n, int64_t k, double alpha, const ConstMatrix &a,
          const PackedMatrix *packed, const ConstMatrix &b, GemmMode mode,
          const Matrix &c, ThreadPool &pool, const Kernels<T> &kernels,
          const GemmOptions &options);

  void run();

private:
  /// Columns and terms of which B is packed.
  struct Block {
    int64_t column, columns, panelsB;
    int64_t depth, depthSize;
    bool first, last;
    /// Another one in this process for each other content of B.
    uint64_t content;
  };
  /// A part of a block's terms.
  struct Slice {
    int64_t depth, depthSize;
    bool first, last;
  };
  /// A panel of A and panels of a block of B, `begin` to before `end`.
  struct Piece {
    int64_t panel, begin, end;
  };

  // In ProductRight.cpp: B in panels.
  uint64_t contentOfNext() const;
  int64_t piecesOf(const Block &block) const;
  void packTerms(const Block &block, int64_t panel, const Terms &terms,
                 const PackedBlock<T> &to) const;
  void packPiece(const Block &block, int64_t piece,
                 const PackedBlock<T> &to) const;
  PackedBlock<T> packBlock(const Block &block) const;
  void findTerms(const Block &block, const PackedBlock<T> &blockOfB) const;
  bool isLeftFinite(const Block &block) const;

  // In Product.cpp.
  bool mayStream() const;
  void compute(const Block &block);
  template <typename Function>
  void forPieces(const Block &block, const Function &function);
  void computePiece(const Block &block, const PackedBlock<T> &blockOfB,
                    const Piece &piece);
  void computeSlice(const Block &block, const PackedBlock<T> &blockOfB,
                    const Slice &slice, const Piece &piece, Prefetch ahead);
  Prefetch readAhead(const Block &block, const Piece &piece,
                     int64_t depth) const;
  const T *packA(const Block &block, const Slice &slice, int64_t panel);
  void packSteps(const Slice &slice, int64_t panel, int64_t depth, T *numbers);
  void clearTile(int64_t panel, const TileResult<Sum> &result) const;
  void placeDots(int64_t panel, int64_t column, TileResult<Sum> &result) const;
  void addDots() const;
  void addSquares() const;

  /// The columns of a panel of B from element `depth` of the block on, as rows.
  ConstMatrix panelOfB(const Block &block, int64_t panel, int64_t depth) const {
    return offset(b, (block.depth + depth) * termsEach,
                  block.column + panel * tiles.width)
        .transposed();
  }
  int64_t widthOf(const Block &block, int64_t panel) const {
    return std::min(tiles.width, block.columns - panel * tiles.width);
  }
  /// Tiles of a panel of A.
  int64_t tilesPerPanel() const { return ceilDiv(n, tiles.width); }
  int64_t rowsOf(int64_t panel) const {
    return std::min(rows, m - panel * rows);
  }
  /// Of `count` elements from `depth` on.
  int64_t termsOf(int64_t depth, int64_t count) const {
    return std::min(count * termsEach, terms - depth * termsEach);
  }

  static constexpr int64_t termsEach = PanelElement<T>::terms;
  int64_t m, n, terms, k;
  Sum alpha;
  ConstMatrix a;
  const PackedMatrix *packed;
  ConstMatrix b;
  GemmMode mode;
  Matrix c;
  const Tiles<T> &tiles;
  const Packing<T> &left, &rightPacking;
  const ColumnDots *dots;
  double *squares;
  RepeatedRight *right;
  bool isLower;
  ThreadPool &pool;
  /// From depth to depth of a panel of A and of B.
  int64_t aStride, bStride;
  int64_t rows, panels, blockColumns, sliceDepth, outerDepth;
  bool streams;
  /// Sums between two blocks of the terms, tile after tile.
  Sum *partial = nullptr;
  /// The dots of each panel of A, `dotsApart` from each other.
  Sum *dotsOfPanels = nullptr;
  int64_t dotsApart = 0;
  /// By tile, panel after panel.
  Sum *squaresOfTiles = nullptr;
};

/// What a thread needs while it computes tiles.
template <typename T> struct TileState {};
template <> struct TileState<AmxRow> : AmxTileState {};

/// Memory of the calling thread, kept between products.
template <typename T> struct Workspace {
  AlignedBuffer<T> a, b;
  AlignedBuffer<SumOf<T>> sums, partial, dots, squares;
  AlignedBuffer<double> sumsOfDots;
  AlignedBuffer<Terms> terms;
  /// Whose numbers are in `b`, and their terms in `terms`.
  uint64_t contentOfB = 0;

  static Workspace &get() {
    static thread_local Workspace workspace;
    return workspace;
  }
};

} // namespace anec::rt::gemm_detail

#endif // ANEC_RUNTIME_GEMM_PRODUCT_H
