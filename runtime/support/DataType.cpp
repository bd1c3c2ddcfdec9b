//===- DataType.cpp - Element types of tensor files -----------------------===//
//
// Names and sizes.
//
//===----------------------------------------------------------------------===//
#include "runtime/support/DataType.h"

#include <array>

namespace anec::rt {

namespace {

struct TypeInfo {
  std::string_view name;
  int64_t size;
};

// In the order of DataType.
constexpr std::array<TypeInfo, 13> infos = {{{"F16", 2},
                                             {"BF16", 2},
                                             {"F32", 4},
                                             {"F64", 8},
                                             {"I8", 1},
                                             {"I16", 2},
                                             {"I32", 4},
                                             {"I64", 8},
                                             {"U8", 1},
                                             {"U16", 2},
                                             {"U32", 4},
                                             {"U64", 8},
                                             {"BOOL", 1}}};

} // namespace

int64_t dataTypeSize(DataType type) {
  return infos[static_cast<size_t>(type)].size;
}

std::string_view dataTypeName(DataType type) {
  return infos[static_cast<size_t>(type)].name;
}

Result<int64_t> tensorBytes(DataType type, const std::vector<int64_t> &shape) {
  constexpr int64_t limit = int64_t(1) << 62;
  int64_t bytes = dataTypeSize(type);
  for (int64_t dim : shape) {
    if (dim < 0)
      return makeError(ErrorCode::InvalidInput,
                       "expected dimensions of at least 0, found {}", dim);
    if (dim != 0 && bytes > limit / dim)
      return makeError(ErrorCode::InvalidInput,
                       "a tensor has more than 2^62 bytes");
    bytes *= dim;
  }
  return bytes;
}

} // namespace anec::rt
