//===- FoldRows.h - Results that are narrower than their surface -*- C++
//-*-===//
//
// A surface has one width. What has fewer columns lies in it in blocks of rows
// side by side, as rt::Region describes it.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_KERNELS_FOLDROWS_H
#define ANEC_COMPILER_KERNELS_FOLDROWS_H

#include "mlir/IR/Builders.h"

namespace anec {

/// The width of a surface for a result of `columns` columns, a multiple of
/// `granule`.
int64_t outputWidth(int64_t columns, int64_t granule);

/// Rows of each block of a result of `rows` x `columns` in a surface of
/// `width`.
int64_t foldedRows(int64_t rows, int64_t columns, int64_t width);

/// [1, rows, 1, columns] -> [1, foldedRows, 1, width]: as many blocks of rows
/// as fit side by side, zeros where there is none.
mlir::Value foldRows(mlir::OpBuilder &builder, mlir::Value value,
                     int64_t width);

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_FOLDROWS_H
