//===- DataType.h - Element types of tensor files ---------------*- C++ -*-===//
//
// What arrays in .npy and .safetensors files hold.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_DATATYPE_H
#define ANEC_RUNTIME_SUPPORT_DATATYPE_H

#include "runtime/support/Half.h"
#include "runtime/support/Result.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace anec::rt {

enum class DataType {
  F16,
  BF16,
  F32,
  F64,
  I8,
  I16,
  I32,
  I64,
  U8,
  U16,
  U32,
  U64,
  Bool,
};

/// Bytes of one element.
int64_t dataTypeSize(DataType type);
/// Such as "F16"; the names of the safetensors format.
std::string_view dataTypeName(DataType type);

/// Bytes of a tensor of `shape`. InvalidInput for a negative dimension and for
/// sizes beyond 2^62.
Result<int64_t> tensorBytes(DataType type, const std::vector<int64_t> &shape);

constexpr DataType dataTypeOf(const half *) { return DataType::F16; }
constexpr DataType dataTypeOf(const float *) { return DataType::F32; }
constexpr DataType dataTypeOf(const double *) { return DataType::F64; }
constexpr DataType dataTypeOf(const int32_t *) { return DataType::I32; }
constexpr DataType dataTypeOf(const int64_t *) { return DataType::I64; }

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_DATATYPE_H
