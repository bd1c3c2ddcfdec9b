//===- ProductRight.cpp - The right operand in panels ---------------------===//
//
// Blocks of B are packed by all threads together or by each for itself, without
// the terms that are 0, or they are those of the product before.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Product.h"

#include <atomic>

namespace anec::rt::gemm_detail {

template <typename T>
constexpr int64_t depthAtOnce = PanelElement<T>::depthAtOnce;

/// Names the content of the next block.
template <typename T> uint64_t Product<T>::contentOfNext() const {
  static std::atomic<uint64_t> blocks{0};
  const uint64_t next = ++blocks;
  if (!right)
    return next;
  const ConstMatrix &last = right->b;
  const bool isSame = last.data == b.data && last.type == b.type &&
                      last.rowStride == b.rowStride &&
                      last.columnStride == b.columnStride && right->n == n &&
                      right->k == terms && right->packing == &rightPacking;
  if (!isSame)
    *right = {b, n, terms, &rightPacking, next};
  return right->content;
}

template <typename T> int64_t Product<T>::piecesOf(const Block &block) const {
  return b.columnStride == 1 ? ceilDiv(block.depthSize, depthAtOnce<T>)
                             : block.panelsB;
}

/// Some terms of a panel, of those that are used.
template <typename T>
void Product<T>::packTerms(const Block &block, int64_t panel,
                           const Terms &terms, const PackedBlock<T> &to) const {
  const int64_t begin = std::max(terms.begin, to.terms[panel].begin);
  const int64_t end = std::min(terms.end, to.terms[panel].end);
  if (begin >= end)
    return;
  rightPacking.pack(panelOfB(block, panel, begin), widthOf(block, panel),
                    termsOf(block.depth + begin, end - begin), bStride,
                    to.numbers + (panel * outerDepth + begin) * bStride);
}

template <typename T>
void Product<T>::packPiece(const Block &block, int64_t piece,
                           const PackedBlock<T> &to) const {
  if (b.columnStride != 1)
    return packTerms(block, piece, {0, block.depthSize}, to);
  const int64_t begin = piece * depthAtOnce<T>;
  for (int64_t panel = 0; panel < block.panelsB; ++panel)
    packTerms(block, panel, {begin, begin + depthAtOnce<T>}, to);
}

/// All threads pack their part of a block, unless it is packed; from inside of
/// a piece, the calling thread packs all of it.
template <typename T>
PackedBlock<T> Product<T>::packBlock(const Block &block) const {
  Workspace<T> &workspace = Workspace<T>::get();
  const PackedBlock<T> result = {
      workspace.b.reserve(blockColumns / tiles.width * outerDepth * bStride),
      workspace.terms.reserve(blockColumns / tiles.width)};
  if (workspace.contentOfB == block.content)
    return result;
  findTerms(block, result);
  const int64_t pieces = piecesOf(block);
  auto packPieces = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      packPiece(block, i, result);
  };
  if (block.columns * block.depthSize < 16384)
    packPieces(0, pieces);
  else
    pool.parallelTiles(pieces, b.columnStride == 1 ? 4 : 1, packPieces);
  workspace.contentOfB = block.content;
  return result;
}

/// Whether 0 times any number of A is 0.
template <typename T> bool Product<T>::isLeftFinite(const Block &block) const {
  const int64_t first = block.depth * termsEach;
  const int64_t count = termsOf(block.depth, block.depthSize);
  return packed ? packed->isFinite(first, count)
                : isFinite(offset(a, 0, first), m, count);
}

/// Half of what causal attention multiplies by is 0: leaves out the terms with
/// which a panel begins and ends when they are 0 in all its columns. Products
/// that share a packed block may differ in A, so that they use all of it.
template <typename T>
void Product<T>::findTerms(const Block &block,
                           const PackedBlock<T> &blockOfB) const {
  const Terms all{0, block.depthSize};
  std::fill_n(blockOfB.terms, block.panelsB, all);
  if (!rightPacking.isExact || right)
    return;
  const int64_t depth = termsOf(block.depth, block.depthSize);
  bool areLeftOut = false;
  for (int64_t panel = 0; panel < block.panelsB; ++panel) {
    const Terms used =
        usedTerms(panelOfB(block, panel, 0), widthOf(block, panel), depth);
    Terms &terms = blockOfB.terms[panel];
    terms = {used.begin / termsEach, ceilDiv(used.end, termsEach)};
    areLeftOut |= terms.count() < all.count();
  }
  if (areLeftOut && !isLeftFinite(block))
    std::fill_n(blockOfB.terms, block.panelsB, all);
}

template class Product<float>;
template class Product<double>;
template class Product<Bf16Pair>;
template class Product<AmxRow>;

} // namespace anec::rt::gemm_detail
