//===- NormOps.cpp - Type rules of rarer normalisations -------------------===//
//
// The result is like x.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;

std::optional<Error> expectRank(const Type &x, int64_t lowest,
                                int64_t highest) {
  if (x.rank() >= lowest && x.rank() <= highest)
    return std::nullopt;
  return makeError(ErrorCode::InvalidInput,
                   "expected 'x' of rank {} to {}, found {}", lowest, highest,
                   dimsText(x.dims));
}

Types inferInstanceNorm(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_TRY(expectRank(x, 3, 4));
  for (const char *name : {"gamma", "beta"}) {
    if (!operands.has(name))
      continue;
    ANEC_ASSIGN(Type type, operands.type(name));
    if (!sameType(type, Type::tensor(type.element, {x.dims[1]})))
      return makeError(ErrorCode::InvalidInput, "expected '{}' [{}], found {}",
                       name, x.dims[1], dimsText(type.dims));
  }
  return single(x.element, x.dims);
}

Types inferL2Norm(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  if (x.rank() < 3)
    return makeError(ErrorCode::InvalidInput,
                     "expected 'x' of rank 3 or more, found {}",
                     dimsText(x.dims));
  return single(x.element, x.dims);
}

Types inferLocalResponseNorm(const Operands &operands) {
  ANEC_ASSIGN(Type x, operands.type("x"));
  ANEC_TRY(expectRank(x, 3, 4));
  ANEC_ASSIGN(int64_t size, operands.integer("size"));
  if (size < 1)
    return makeError(ErrorCode::InvalidInput,
                     "expected a positive 'size', found {}", size);
  return single(x.element, x.dims);
}

} // namespace

void addNormOps(OpTable &table) {
  table["instance_norm"] = {"x gamma!? beta!? epsilon!?", inferInstanceNorm};
  table["l2_norm"] = {"x epsilon!?", inferL2Norm};
  table["local_response_norm"] = {"x size! alpha!? beta!? k!?",
                                  inferLocalResponseNorm};
}

} // namespace anec::rt::mil
