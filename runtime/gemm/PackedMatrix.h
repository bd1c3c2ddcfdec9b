//===- PackedMatrix.h - A left operand ready for products -------*- C++ -*-===//
//
// Weights enter many products between two changes. Packed once, they are read
// in one stream, in the order of the inner kernel, whatever their orientation
// was; fp16 stays fp16 and is widened on the way into the first cache.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_PACKEDMATRIX_H
#define ANEC_RUNTIME_GEMM_PACKEDMATRIX_H

#include "runtime/gemm/Gemm.h"
#include "runtime/gemm/MatrixUnit.h"
#include "runtime/support/LargeMemory.h"

namespace anec::rt {

/// A matrix [rows, depth] as panels of `panelRows` rows. What lies beyond the
/// last row is undefined. Where AMX multiplies, a panel is steps of 32 terms,
/// row by row; elsewhere element (i, p) of a panel is its number `p * panelRows
/// + i`.
class PackedMatrix {
public:
  /// All zero, for the kernels that are used now. `type` is F16 or F32.
  PackedMatrix(int64_t rows, int64_t depth, MatrixType type);

  int64_t rows() const { return rowCount; }
  int64_t depth() const { return termCount; }
  MatrixType type() const { return elementType; }
  int64_t panelRows() const { return panelHeight; }
  int64_t bytes() const { return static_cast<int64_t>(memory.size()); }

  /// Replaces all values by those of `from`, a view of F16 or F32 with any
  /// strides, each rounded once to nearest even.
  void pack(const ConstMatrix &from, ThreadPool &pool);
  /// Replaces rows from `row` to before `row + count`, those of whole panels
  /// but the last, by the values of `from`. Threads may replace different rows
  /// at the same time.
  void packRows(int64_t row, int64_t count, const ConstMatrix &from);
  /// The same for terms of all rows.
  void packTerms(int64_t term, int64_t count, const ConstMatrix &from);
  /// Writes all values to `to`, a view of the same type.
  void unpack(const Matrix &to) const;

  /// What it is packed for; panels for AMX are steps.
  MatrixUnit unit() const { return packedFor; }
  /// The elements of panel `panel` from term `term` on.
  const void *at(int64_t panel, int64_t term) const;
  /// The rows of a panel from term `term` on; of a step, to its end.
  ConstMatrix view(int64_t panel, int64_t term) const;
  /// Whether `count` terms from `term` on, the first of a step, are numbers in
  /// all rows.
  bool isFinite(int64_t term, int64_t count) const;

private:
  void packPart(int64_t panel, int64_t term, int64_t count,
                const ConstMatrix &from);
  void packInSteps(int64_t panel, int64_t term, int64_t count,
                   const ConstMatrix &from);
  bool hasSteps() const { return packedFor == MatrixUnit::Amx; }
  int64_t rowsOf(int64_t panel) const;
  /// Of element (row, term).
  int64_t placeOf(int64_t row, int64_t term) const;

  int64_t rowCount, termCount;
  MatrixUnit packedFor;
  /// Terms with those that fill the last step.
  int64_t depthOfPanels;
  int64_t panelHeight;
  MatrixType elementType;
  LargeVector<uint8_t> memory;
};

/// The same product, and the same bits, as `gemm` with the matrix `a` was
/// packed from.
void gemm(int64_t n, double alpha, const PackedMatrix &a, ConstMatrix b,
          GemmMode mode, Matrix c, ThreadPool &pool,
          RepeatedRight *right = nullptr);

} // namespace anec::rt

#endif // ANEC_RUNTIME_GEMM_PACKEDMATRIX_H
