//===- WeightBlob.h - Constant files beside a program -----------*- C++ -*-===//
//
// One entry per file, which every chip accepts; runtime/mil owns the format.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_EMIT_WEIGHTBLOB_H
#define ANEC_COMPILER_EMIT_WEIGHTBLOB_H

#include "mlir/IR/BuiltinAttributes.h"

#include <cstdint>
#include <vector>

namespace anec {

/// The file that holds `value`, an f16 or f32 tensor, row-major and
/// little-endian.
std::vector<uint8_t> writeWeightBlob(mlir::DenseElementsAttr value);

} // namespace anec

#endif // ANEC_COMPILER_EMIT_WEIGHTBLOB_H
