//===- Gemm.cpp - Matrix product ------------------------------------------===//
//
// Blocks of A and B are packed into panels, then a fixed grid of output tiles
// is computed from them. No size below depends on the number of threads.
//
//===----------------------------------------------------------------------===//
#include "runtime/gemm/Gemm.h"

#include "runtime/gemm/Kernels.h"
#include "runtime/support/AlignedBuffer.h"
#include "runtime/support/ThreadPool.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace anec::rt {

namespace {

using gemm_detail::Kernels;

constexpr int64_t maxDepth = 512;
constexpr int64_t maxBlockPanelsA = 72, maxBlockColumns = 2048;
/// One task computes this many panels of A times this many of B.
constexpr int64_t taskPanelsA = 4, taskPanelsB = 8;
constexpr int64_t maxTileElements = 16 * 96;

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Cuts `size` into equal parts of at most `limit`; the length of one.
int64_t evenPart(int64_t size, int64_t limit) {
  return ceilDiv(size, ceilDiv(size, limit));
}

int64_t elementBytes(MatrixType type) {
  return type == MatrixType::F16 ? 2 : type == MatrixType::F32 ? 4 : 8;
}

ConstMatrix offset(const ConstMatrix &matrix, int64_t row, int64_t column) {
  ConstMatrix moved = matrix;
  int64_t elements = row * matrix.rowStride + column * matrix.columnStride;
  moved.data = static_cast<const uint8_t *>(matrix.data) +
               elements * elementBytes(matrix.type);
  return moved;
}

/// One product; T is the type of the sums.
template <typename T> class Product {
public:
  Product(int64_t m, int64_t n, int64_t k, double alpha, const ConstMatrix &a,
          const ConstMatrix &b, GemmMode mode, const Matrix &c,
          const Kernels<T> &kernels, ThreadPool &pool)
      : m(m), n(n), k(k), alpha(static_cast<T>(alpha)), a(a), b(b), mode(mode),
        c(c), kernels(kernels), pool(pool) {
    rows = evenPart(m, kernels.maxRows);
    aStride = ceilDiv(rows, 4) * 4;
    depthBlock = ceilDiv(evenPart(k, maxDepth), 8) * 8;
  }

  void run();

private:
  struct Block {
    int64_t row, rows, column, columns, depth, depthSize;
    bool first, last;
  };

  void pack(const Block &block, bool packB);
  void compute(const Block &block);
  void computeTask(const Block &block, int64_t panelA, int64_t panelB);
  Matrix resultAt(int64_t row, int64_t column) const;

  int64_t m, n, k;
  T alpha;
  ConstMatrix a, b;
  GemmMode mode;
  Matrix c;
  const Kernels<T> &kernels;
  ThreadPool &pool;
  int64_t rows, aStride, depthBlock;
  /// Tiles between two blocks of the depth, one after the other.
  T *packedA = nullptr, *packedB = nullptr, *partial = nullptr;
};

/// Memory of the calling thread, kept between products.
template <typename T> struct Workspace {
  AlignedBuffer<T> a, b, partial;

  static Workspace &get() {
    static thread_local Workspace workspace;
    return workspace;
  }
};

} // namespace

template <typename T> void Product<T>::run() {
  Workspace<T> &workspace = Workspace<T>::get();
  const int64_t blockRows = rows * maxBlockPanelsA;
  const int64_t blockColumns =
      std::max<int64_t>(maxBlockColumns / kernels.width, 1) * kernels.width;
  const int64_t usedRows = std::min(blockRows, ceilDiv(m, rows) * rows);
  const int64_t usedColumns =
      std::min(blockColumns, ceilDiv(n, kernels.width) * kernels.width);
  packedA = workspace.a.reserve(usedRows / rows * aStride * depthBlock);
  packedB = workspace.b.reserve(usedColumns * depthBlock);
  if (k > depthBlock)
    partial = workspace.partial.reserve(usedRows * usedColumns);

  for (int64_t column = 0; column < n; column += blockColumns)
    for (int64_t row = 0; row < m; row += blockRows)
      for (int64_t depth = 0; depth < k; depth += depthBlock) {
        Block block;
        block.row = row;
        block.rows = std::min(blockRows, m - row);
        block.column = column;
        block.columns = std::min(blockColumns, n - column);
        block.depth = depth;
        block.depthSize = std::min(depthBlock, k - depth);
        block.first = depth == 0;
        block.last = depth + depthBlock >= k;
        pack(block, row == 0 || k > depthBlock);
        compute(block);
      }
}

template <typename T> void Product<T>::pack(const Block &block, bool packB) {
  const int64_t panelsA = ceilDiv(block.rows, rows);
  const int64_t panelsB = packB ? ceilDiv(block.columns, kernels.width) : 0;
  // Panels per task: enough work to be worth a hand-over.
  const int64_t perTask = std::max<int64_t>(1, 65536 / (depthBlock * 32));
  pool.parallelTiles(
      panelsA + panelsB, perTask, [&](int64_t begin, int64_t end) {
        for (int64_t panel = begin; panel < end; ++panel) {
          if (panel < panelsA) {
            int64_t row = panel * rows;
            kernels.pack(offset(a, block.row + row, block.depth),
                         std::min(rows, block.rows - row), block.depthSize,
                         aStride, packedA + panel * aStride * depthBlock);
          } else {
            int64_t column = (panel - panelsA) * kernels.width;
            kernels.pack(
                offset(b, block.depth, block.column + column).transposed(),
                std::min(kernels.width, block.columns - column),
                block.depthSize, kernels.width, packedB + column * depthBlock);
          }
        }
      });
}

template <typename T> void Product<T>::compute(const Block &block) {
  const int64_t tasksA = ceilDiv(ceilDiv(block.rows, rows), taskPanelsA);
  const int64_t tasksB =
      ceilDiv(ceilDiv(block.columns, kernels.width), taskPanelsB);
  auto task = [&](int64_t i) {
    computeTask(block, i % tasksA * taskPanelsA, i / tasksA * taskPanelsB);
  };
  // Waking a thread costs as much as a few hundred thousand operations.
  if (block.rows * block.columns * block.depthSize < 300000) {
    for (int64_t i = 0; i < tasksA * tasksB; ++i)
      task(i);
    return;
  }
  pool.parallelFor(tasksA * tasksB, task);
}

template <typename T>
void Product<T>::computeTask(const Block &block, int64_t panelA,
                             int64_t panelB) {
  alignas(64) T local[maxTileElements];
  assert(rows * kernels.width <= maxTileElements && "tile too large");
  const int64_t width = kernels.width;
  const int64_t panelsA = ceilDiv(block.rows, rows);
  const int64_t endA = std::min(panelA + taskPanelsA, panelsA);
  const int64_t endB =
      std::min(panelB + taskPanelsB, ceilDiv(block.columns, width));
  for (int64_t pb = panelB; pb < endB; ++pb)
    for (int64_t pa = panelA; pa < endA; ++pa) {
      const int64_t row = pa * rows, column = pb * width;
      const int64_t rowCount = std::min(rows, block.rows - row);
      T *tile = block.first && block.last
                    ? local
                    : partial + (pb * panelsA + pa) * rows * width;
      kernels.tile(rowCount, block.depthSize,
                   packedA + pa * aStride * depthBlock, aStride,
                   packedB + column * depthBlock, tile, !block.first);
      if (block.last)
        kernels.store(tile, rowCount, std::min(width, block.columns - column),
                      alpha, mode == GemmMode::Accumulate,
                      resultAt(block.row + row, block.column + column));
    }
}

template <typename T>
Matrix Product<T>::resultAt(int64_t row, int64_t column) const {
  Matrix moved = c;
  moved.data =
      static_cast<uint8_t *>(c.data) +
      (row * c.rowStride + column * c.columnStride) * elementBytes(c.type);
  return moved;
}

/// C = 0 or C += 0, for products without terms.
template <typename T> static void clear(const Matrix &c, int64_t m, int64_t n) {
  T *data = static_cast<T *>(c.data);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      data[i * c.rowStride + j * c.columnStride] = T(0);
}

void gemm(int64_t m, int64_t n, int64_t k, double alpha, ConstMatrix a,
          ConstMatrix b, GemmMode mode, Matrix c, ThreadPool &pool) {
  const bool isDouble = c.type == MatrixType::F64;
  assert((a.type == MatrixType::F64) == isDouble &&
         (b.type == MatrixType::F64) == isDouble && "mixed f64 product");
  if (m <= 0 || n <= 0)
    return;
  if (k <= 0) {
    if (mode == GemmMode::Accumulate)
      return;
    if (isDouble)
      clear<double>(c, m, n);
    else if (c.type == MatrixType::F32)
      clear<float>(c, m, n);
    else
      clear<half>(c, m, n);
    return;
  }
  if (c.columnStride != 1 && c.rowStride == 1) {
    // The transposed product writes whole rows.
    std::swap(m, n);
    std::swap(c.rowStride, c.columnStride);
    ConstMatrix left = b.transposed();
    b = a.transposed();
    a = left;
  }
  if (isDouble)
    Product<double>(m, n, k, alpha, a, b, mode, c, gemm_detail::doubleKernels(),
                    pool)
        .run();
  else
    Product<float>(m, n, k, alpha, a, b, mode, c, gemm_detail::floatKernels(),
                   pool)
        .run();
}

} // namespace anec::rt
