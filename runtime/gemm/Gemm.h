//===- Gemm.h - Matrix product ----------------------------------*- C++ -*-===//
//
// The only matrix product of the runtime, for device kernels and host ops.
// Operands are views with any strides and of any float width: packing converts
// them, so nobody copies or transposes a matrix first.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_GEMM_GEMM_H
#define ANEC_RUNTIME_GEMM_GEMM_H

#include "runtime/support/Half.h"

#include <cstdint>

namespace anec::rt {

class ThreadPool;

enum class MatrixType { F16, F32, F64 };

constexpr MatrixType matrixType(const half *) { return MatrixType::F16; }
constexpr MatrixType matrixType(const float *) { return MatrixType::F32; }
constexpr MatrixType matrixType(const double *) { return MatrixType::F64; }

/// An operand: element (i, j) is `data[i * rowStride + j * columnStride]`.
struct ConstMatrix {
  const void *data = nullptr;
  MatrixType type = MatrixType::F32;
  int64_t rowStride = 0, columnStride = 1;

  ConstMatrix() = default;
  ConstMatrix(const void *data, MatrixType type, int64_t rowStride,
              int64_t columnStride)
      : data(data), type(type), rowStride(rowStride),
        columnStride(columnStride) {}
  template <typename T>
  ConstMatrix(const T *data, int64_t rowStride, int64_t columnStride = 1)
      : ConstMatrix(data, matrixType(data), rowStride, columnStride) {}

  ConstMatrix transposed() const {
    return ConstMatrix(data, type, columnStride, rowStride);
  }
};

/// The result; fastest when one of the strides is 1.
struct Matrix {
  void *data = nullptr;
  MatrixType type = MatrixType::F32;
  int64_t rowStride = 0, columnStride = 1;

  Matrix() = default;
  Matrix(void *data, MatrixType type, int64_t rowStride, int64_t columnStride)
      : data(data), type(type), rowStride(rowStride),
        columnStride(columnStride) {}
  template <typename T>
  Matrix(T *data, int64_t rowStride, int64_t columnStride = 1)
      : Matrix(data, matrixType(data), rowStride, columnStride) {}
};

/// Whether `gemm` overwrites C or adds to it.
enum class GemmMode { Overwrite, Accumulate };

/// Which elements of C are wanted.
enum class GemmPart {
  Whole,
  /// Those on and below the diagonal; above it they are computed or become 0.
  /// For C that is overwritten, its columns side by side; others are computed.
  Lower,
};

/// What `gemm` multiplies.
enum class GemmPrecision {
  /// The operands as they are. Where AMX is used (MatrixUnit.h), products of
  /// F16 are exact as elsewhere, and those of F32 to 2^-24 of each; numbers
  /// below 2^-110 may lose bits, and those below 2^-126, of operands and of
  /// sums, may count as 0.
  Full,
  /// F16 and F32 operands rounded to bfloat16 (8 bits of mantissa, the range of
  /// f32), to nearest even, while they are packed. Their products are exact in
  /// f32, so that the error is that of the sums in f32, as with `Full`. Numbers
  /// below 2^-126, of operands and of sums, may count as 0.
  Bf16,
};

/// What a product makes with another matrix D of its shape while it is in
/// registers, column by column: sums[j] += sum_i (alpha * A * B)[i,j] * D[i,j].
struct ColumnDots {
  /// D; the columns of a row lie side by side.
  const float *with;
  int64_t rowStride;
  /// One for each column of C. f32 products are summed over the rows of a tile,
  /// tiles are summed in f64.
  double *sums;
};

/// Handed to products that follow each other with the same B, lets them pack it
/// once. The numbers of B must not change in between; a product with another B,
/// or the same in another form, starts anew. Of one thread at a time.
struct RepeatedRight {
  /// What was packed last, for `gemm`.
  ConstMatrix b;
  int64_t n = 0, k = 0;
  const void *packing = nullptr;
  uint64_t content = 0;
};

/// What most products do without.
struct GemmOptions {
  GemmPrecision precision = GemmPrecision::Full;
  GemmPart part = GemmPart::Whole;
  /// Only for C of F32 whose columnStride is 1; k > 0.
  const ColumnDots *dots = nullptr;
  RepeatedRight *right = nullptr;
  /// Unless null: set to the sum of the squares of C, of one tile in the type
  /// of the sums, over tiles in f64. Only for C of that type, whole.
  double *squares = nullptr;
};

/// C = alpha * A * B, or C += alpha * A * B.
///
/// Shapes    a: [m, k], b: [k, n], c: [m, n]; any size may be 0.
/// Numerics  f32 sums for F16 and F32 operands, f64 for F64; C is rounded
///           once. Either all three matrices are F64, with precision Full, or
///           none is. Sums run in blocks over k that depend on k only: the same
///           bits for any number of threads. Other instructions, and other
///           libraries, give other roundings of the sums.
/// Aliasing  c overlaps neither a nor b.
/// Errors    none. NaN and Inf propagate.
void gemm(int64_t m, int64_t n, int64_t k, double alpha, ConstMatrix a,
          ConstMatrix b, GemmMode mode, Matrix c, ThreadPool &pool,
          GemmOptions options = {});

} // namespace anec::rt

#endif // ANEC_RUNTIME_GEMM_GEMM_H
