//===- WeightBlob.h - Constant files beside a program -----------*- C++ -*-===//
//
// MILBlob storage, version 2, one entry per file: a header of 64 bytes, a
// metadata record of 64 bytes, the data.
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
