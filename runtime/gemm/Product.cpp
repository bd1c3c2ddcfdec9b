//===- Product.cpp - One matrix product of panels -------------------------===//
//
// What blocks there are, and the tiles of each; packing B is in
// ProductRight.cpp.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Product.h"

#include "runtime/support/Convert.h"
#include "runtime/support/PrefetchMemory.h"

#include <hwy/cache_control.h>

#include <cassert>
#include <cstring>
#include <type_traits>
#include <utility>

namespace anec::rt::gemm_detail {

/// B is packed for so many columns at a time, and for as many slices of the
/// terms as PanelElement::blockElements allows.
constexpr int64_t maxBlockColumns = 768;
/// Waking a thread costs as much as a few hundred thousand operations.
constexpr int64_t soloOperations = 300000;

template <typename T>
Product<T>::Product(int64_t m, int64_t n, int64_t k, double alpha,
                    const ConstMatrix &a, const PackedMatrix *packed,
                    const ConstMatrix &b, GemmMode mode, const Matrix &c,
                    ThreadPool &pool, const Kernels<T> &kernels,
                    const GemmOptions &options)
    : m(m), n(n), terms(k), k(ceilDiv(k, termsEach)),
      alpha(static_cast<Sum>(alpha)), a(a), packed(packed), b(b), mode(mode),
      c(c), tiles(kernels.tiles), left(kernels.left),
      rightPacking(kernels.right), dots(options.dots), squares(options.squares),
      right(options.right),
      isLower(options.part == GemmPart::Lower && mode == GemmMode::Overwrite &&
              c.columnStride == 1 && !dots),
      pool(pool) {
  rows = tiles.panelRows(m);
  assert((!packed || packed->panelRows() == rows) && "packed for other tiles");
  aStride = (packed ? rows : ceilDiv(rows, 4) * 4) * tiles.leftElements;
  bStride = tiles.width * tiles.rightElements;
  panels = ceilDiv(m, rows);
  blockColumns =
      ceilDiv(evenPart(n, maxBlockColumns), tiles.width) * tiles.width;
  // The order of the sums depends on k and on both types alone: blocks are
  // whole slices.
  sliceDepth =
      evenPart(this->k, PanelElement<T>::maxDepth /
                            std::max(tiles.leftElements, tiles.rightElements));
  const int64_t fitting =
      PanelElement<T>::blockElements / (blockColumns * tiles.rightElements);
  // Of many blocks each shares the cache with A that passes through it.
  const int64_t depth = packed || this->k <= fitting ? fitting : fitting / 2;
  outerDepth = sliceDepth * std::max<int64_t>(1, depth / sliceDepth);
  outerDepth = std::min(outerDepth, this->k);
  // Only B that is one block stays packed.
  if (right && (n > blockColumns || this->k > outerDepth))
    *std::exchange(this->right, nullptr) = RepeatedRight();
  streams = mayStream();
}

/// A result that no cache keeps until it is read would only push out what the
/// product reads, after it was read from memory itself to be overwritten.
template <typename T> bool Product<T>::mayStream() const {
  constexpr int64_t keptBytes = 2 << 20, lineBytes = 64;
  return mode == GemmMode::Overwrite && c.columnStride == 1 &&
         elementBytes(c.type) == sizeof(Sum) &&
         m * n * int64_t(sizeof(Sum)) > keptBytes &&
         c.rowStride * int64_t(sizeof(Sum)) % lineBytes == 0 &&
         reinterpret_cast<uintptr_t>(c.data) % lineBytes == 0;
}

template <typename T> void Product<T>::run() {
  if (k > outerDepth)
    partial = Workspace<T>::get().partial.reserve(panels * rows * blockColumns);
  if (dots) {
    dotsApart = tilesPerPanel() * tiles.width;
    dotsOfPanels = Workspace<T>::get().dots.reserve(panels * dotsApart);
  }
  if (squares)
    squaresOfTiles =
        Workspace<T>::get().squares.reserve(panels * tilesPerPanel());
  for (int64_t column = 0; column < n; column += blockColumns)
    for (int64_t depth = 0; depth < k; depth += outerDepth) {
      Block block;
      block.column = column;
      block.columns = std::min(blockColumns, n - column);
      block.panelsB = ceilDiv(block.columns, tiles.width);
      block.depth = depth;
      block.depthSize = std::min(outerDepth, k - depth);
      block.first = depth == 0;
      block.last = depth + outerDepth >= k;
      block.content = contentOfNext();
      compute(block);
    }
  if (dots)
    addDots();
  if (squares)
    addSquares();
}

/// Calls function(piece) on all threads: as many whole panels for each, and
/// parts of those that are left, so that no thread waits for the others' last
/// panel. Which thread sums does not change a sum.
template <typename T>
template <typename Function>
void Product<T>::forPieces(const Block &block, const Function &function) {
  const int64_t threads = pool.size(), columns = block.panelsB;
  const int64_t whole = panels / threads, left = panels % threads;
  if (left == 0 || columns < threads) {
    pool.parallelFor(panels,
                     [&](int64_t i) { function(Piece{i, 0, columns}); });
    return;
  }
  pool.parallelFor(threads * (whole + left), [&](int64_t i) {
    const int64_t thread = i / (whole + left), own = i % (whole + left);
    if (own < whole)
      function(Piece{thread * whole + own, 0, columns});
    else
      function(Piece{threads * whole + own - whole, thread * columns / threads,
                     (thread + 1) * columns / threads});
  });
}

template <typename T> void Product<T>::compute(const Block &block) {
  const bool isSmall = m * block.columns * block.depthSize < soloOperations;
  // Where packing is a copy, a thread copies faster than it reads what another
  // one has just written.
  const bool isShared = isSmall || b.columnStride != 1;
  const PackedBlock<T> shared = isShared ? packBlock(block) : PackedBlock<T>();
  auto compute = [&](const Piece &piece) {
    computePiece(block, isShared ? shared : packBlock(block), piece);
  };
  if (isSmall)
    for (int64_t panel = 0; panel < panels; ++panel)
      compute({panel, 0, block.panelsB});
  else
    forPieces(block, compute);
}

/// A slice of one panel of A as elements of panels.
template <typename T>
const T *Product<T>::packA(const Block &block, const Slice &slice,
                           int64_t panel) {
  const int64_t depth = block.depth + slice.depth;
  if (packed && termsEach == 1 && elementBytes(packed->type()) == sizeof(T))
    return static_cast<const T *>(packed->at(panel, depth));
  T *numbers = Workspace<T>::get().a.reserve(aStride * sliceDepth);
  if constexpr (termsEach == 1)
    if (packed) {
      convert(static_cast<const half *>(packed->at(panel, depth)), numbers,
              (slice.depthSize - 1) * rows + rowsOf(panel));
      return numbers;
    }
  if (packed)
    packSteps(slice, panel, depth, numbers);
  else
    left.pack(offset(a, panel * rows, depth * termsEach), rowsOf(panel),
              termsOf(depth, slice.depthSize), aStride, numbers);
  return numbers;
}

/// Elements of several terms, which a packed operand has for one step after the
/// other.
template <typename T>
void Product<T>::packSteps(const Slice &slice, int64_t panel, int64_t depth,
                           T *numbers) {
  for (int64_t step = depth; step < depth + slice.depthSize; ++step) {
    left.pack(packed->view(panel, step * termsEach), rowsOf(panel),
              termsOf(step, 1), aStride, numbers);
    numbers += aStride;
  }
}

template <typename T>
void Product<T>::computePiece(const Block &block,
                              const PackedBlock<T> &blockOfB,
                              const Piece &piece) {
  [[maybe_unused]] const TileState<T> state;
  for (int64_t depth = 0; depth < block.depthSize; depth += sliceDepth) {
    Slice slice;
    slice.depth = depth;
    slice.depthSize = std::min(sliceDepth, block.depthSize - depth);
    slice.first = block.first && depth == 0;
    slice.last = block.last && depth + sliceDepth >= block.depthSize;
    const bool isBlockEnd = depth + slice.depthSize >= block.depthSize;
    // A thread's panels follow each other.
    Piece next = piece;
    next.panel += isBlockEnd;
    computeSlice(block, blockOfB, slice, piece,
                 readAhead(block, next, isBlockEnd ? 0 : depth + sliceDepth));
  }
  if (streams)
    hwy::FlushStream();
}

/// A slice of a panel that is about to be read; nothing behind the last panel.
/// Of a few rows that lie side by side the last is enough: the panel before has
/// read the line of the first.
template <typename T>
Prefetch Product<T>::readAhead(const Block &block, const Piece &piece,
                               int64_t depth) const {
  const int64_t panel = piece.panel;
  if (panel >= panels)
    return Prefetch();
  const int64_t from = block.depth + depth;
  const int64_t count = std::min(sliceDepth, block.depthSize - depth);
  const int64_t requests =
      (piece.end - piece.begin) * (count / PanelElement<T>::elementsPerRequest);
  if (packed)
    return Prefetch(packed->at(panel, from * termsEach),
                    count * termsEach * rows * elementBytes(packed->type()), 1,
                    0, requests);
  const int64_t size = elementBytes(a.type), read = termsOf(from, count);
  const auto at = [&](int64_t row) {
    return offset(a, panel * rows + row, from * termsEach).data;
  };
  if (a.columnStride == 1)
    return Prefetch(at(0), read * size, rowsOf(panel), a.rowStride * size,
                    requests);
  if (a.rowStride == 1) {
    const int64_t bytes = rowsOf(panel) * size;
    return bytes > cacheLineBytes
               ? Prefetch(at(0), bytes, read, a.columnStride * size, requests)
               : Prefetch(at(rowsOf(panel) - 1), 1, read, a.columnStride * size,
                          requests);
  }
  return Prefetch();
}

/// The tiles of a panel of A and panels of B: the first stays in the first
/// cache.
template <typename T>
void Product<T>::computeSlice(const Block &block,
                              const PackedBlock<T> &blockOfB,
                              const Slice &slice, const Piece &piece,
                              Prefetch ahead) {
  const int64_t panel = piece.panel;
  const T *numbersA = packA(block, slice, panel);
  const int64_t width = tiles.width, tileElements = rows * width;
  const int64_t bPanel = bStride * outerDepth;
  const int64_t sliceEnd = slice.depth + slice.depthSize;
  Sum *sums =
      partial ? partial + panel * block.panelsB * tileElements
              : Workspace<T>::get().sums.reserve(block.panelsB * tileElements);
  TileResult<Sum> result;
  result.continues = !slice.first;
  result.isComplete = slice.last;
  result.accumulate = mode == GemmMode::Accumulate;
  result.alpha = alpha;
  result.streams = streams;
  result.rows = rowsOf(panel);
  for (int64_t pb = piece.begin; pb < piece.end; ++pb) {
    const Terms terms = {
        std::clamp(blockOfB.terms[pb].begin, slice.depth, sliceEnd),
        std::clamp(blockOfB.terms[pb].end, slice.depth, sliceEnd)};
    const int64_t column = pb * width;
    result.columns = widthOf(block, pb);
    result.partial = sums + pb * tileElements;
    result.c = offset(c, panel * rows, block.column + column);
    if (isLower && block.column + column >= panel * rows + rowsOf(panel)) {
      if (slice.last)
        clearTile(panel, result);
      continue;
    }
    if (dots)
      placeDots(panel, block.column + column, result);
    if (squares)
      result.squares = squaresOfTiles + panel * tilesPerPanel() +
                       (block.column + column) / width;
    tiles.tile(terms.end - terms.begin,
               numbersA + (terms.begin - slice.depth) * aStride, aStride,
               blockOfB.numbers + pb * bPanel + terms.begin * bStride, ahead,
               result);
  }
}

template <typename T>
void Product<T>::clearTile(int64_t panel, const TileResult<Sum> &result) const {
  const int64_t size = elementBytes(c.type);
  auto *row = static_cast<uint8_t *>(result.c.data);
  for (int64_t i = 0; i < rowsOf(panel); ++i)
    std::memset(row + i * c.rowStride * size, 0,
                static_cast<size_t>(result.columns * size));
}

template <typename T>
void Product<T>::placeDots(int64_t panel, int64_t column,
                           TileResult<Sum> &result) const {
  if constexpr (std::is_same_v<Sum, float>)
    result.with = dots->with + panel * rows * dots->rowStride + column;
  result.withStride = dots->rowStride;
  result.dots = dotsOfPanels + panel * dotsApart + column;
}

/// sums[i] += numbers[i]
template <typename T>
static void addTo(double *sums, const T *numbers, int64_t count) {
  // A length that compilers know becomes vectors.
  constexpr int64_t group = 32;
  int64_t i = 0;
  for (; i + group <= count; i += group)
    for (int64_t j = i; j < i + group; ++j)
      sums[j] += double(numbers[j]);
  for (; i < count; ++i)
    sums[i] += double(numbers[i]);
}

/// The sum over the panels, some that follow each other first: the thread that
/// computed them has them in its cache.
template <typename T> void Product<T>::addDots() const {
  constexpr int64_t panelsTogether = 16;
  const int64_t parts = ceilDiv(panels, panelsTogether);
  double *sums = Workspace<T>::get().sumsOfDots.reserve(parts * n);
  pool.parallelTiles(panels, panelsTogether, [&](int64_t begin, int64_t end) {
    double *part = sums + begin / panelsTogether * n;
    std::fill_n(part, n, 0.0);
    for (int64_t panel = begin; panel < end; ++panel)
      addTo(part, dotsOfPanels + panel * dotsApart, n);
  });
  for (int64_t part = 0; part < parts; ++part)
    addTo(dots->sums, sums + part * n, n);
}

template <typename T> void Product<T>::addSquares() const {
  double sum = 0;
  for (int64_t tile = 0; tile < panels * tilesPerPanel(); ++tile)
    sum += double(squaresOfTiles[tile]);
  *squares = sum;
}

template class Product<float>;
template class Product<double>;
template class Product<Bf16Pair>;
template class Product<AmxRow>;

} // namespace anec::rt::gemm_detail
