//===- CompressedOps.cpp - Type rules of compressed constants -------------===//
//
// Two forms each: iOS 16 packs bits into bytes and writes the shape beside
// them, iOS 18 has types of few bits and tensors of the right shape.
//
//===----------------------------------------------------------------------===//
#include "runtime/mil/OpTable.h"

namespace anec::rt::mil {

namespace {

using Types = Result<std::vector<Type>>;
using Dims = std::vector<int64_t>;

/// The sizes in 'shape' and their product.
Result<Dims> packedShape(const Operands &operands, int64_t &count) {
  ANEC_ASSIGN(Dims dims, operands.integers("shape"));
  count = 1;
  for (int64_t dim : dims) {
    if (dim < 0 || (dim > 0 && count > (int64_t(1) << 40) / dim))
      return makeError(ErrorCode::InvalidInput,
                       "expected sizes as 'shape', found {}", dimsText(dims));
    count *= dim;
  }
  return dims;
}

Types inferPackedLookup(const Operands &operands, const Type &indices,
                        const Type &lut) {
  int64_t count = 0;
  ANEC_ASSIGN(Dims dims, packedShape(operands, count));
  int64_t bits = 0;
  for (int64_t size : {1, 2, 4, 6, 8})
    if (lut.rank() == 1 && lut.dims[0] == int64_t(1) << size)
      bits = size;
  if (bits == 0 || indices.element != ScalarType::UInt8 ||
      indices.rank() != 1 || indices.dims[0] != (count * bits + 7) / 8)
    return makeError(ErrorCode::InvalidInput,
                     "expected a table of 2, 4, 16, 64 or 256 values and "
                     "packed uint8 indices of {}, found {} and {}",
                     dimsText(dims), dimsText(lut.dims), toString(indices));
  return single(lut.element, dims);
}

/// The table has, per axis, one entry per group of indices, then the values
/// and the length of each.
Types inferLookup(const Operands &operands) {
  ANEC_ASSIGN(Type indices, operands.type("indices"));
  ANEC_ASSIGN(Type lut, operands.type("lut"));
  if (operands.has("shape"))
    return inferPackedLookup(operands, indices, lut);
  const size_t rank = indices.dims.size();
  bool good = lut.dims.size() == rank + 2 && rank > 0 &&
              isInteger(indices.element) &&
              scalarTypeBits(indices.element) <= 8 &&
              lut.dims[rank] == int64_t(1) << scalarTypeBits(indices.element) &&
              lut.dims[rank + 1] > 0;
  for (size_t i = 0; good && i < rank; ++i)
    good = lut.dims[i] > 0 && indices.dims[i] % lut.dims[i] == 0;
  if (!good)
    return makeError(ErrorCode::InvalidInput,
                     "expected a 'lut' whose first sizes divide the indices "
                     "{}, followed by 2 to the power of their bits and the "
                     "length of a value, found {}",
                     toString(indices), dimsText(lut.dims));
  if (lut.dims[rank + 1] > 1) {
    ANEC_ASSIGN(int64_t axis, operands.axis("vector_axis", indices.rank()));
    indices.dims[static_cast<size_t>(axis)] *= lut.dims[rank + 1];
  }
  return single(lut.element, indices.dims);
}

Types inferSparse(const Operands &operands) {
  ANEC_ASSIGN(Type data, operands.type("nonzero_data"));
  ANEC_ASSIGN(Type mask, operands.type("mask"));
  Dims dims = mask.dims;
  bool good = data.rank() == 1 && mask.element == ScalarType::UInt1;
  if (operands.has("shape")) {
    int64_t count = 0;
    ANEC_ASSIGN(dims, packedShape(operands, count));
    good = data.rank() == 1 && mask.element == ScalarType::UInt8 &&
           mask.rank() == 1 && mask.dims[0] == (count + 7) / 8;
  }
  if (!good)
    return makeError(ErrorCode::InvalidInput,
                     "expected a vector as 'nonzero_data' and a mask of uint1, "
                     "or of uint8 with one bit per element of 'shape', found "
                     "{} and {}",
                     toString(data), toString(mask));
  return single(data.element, dims);
}

Types inferConstexprCast(const Operands &operands) {
  ANEC_ASSIGN(Type source, operands.type("source_val"));
  ANEC_ASSIGN(std::string name, operands.string("output_dtype"));
  ScalarType element;
  if (!parseScalarType(name, element) || !isFloat(element) ||
      !isFloat(source.element))
    return makeError(ErrorCode::InvalidInput,
                     "expected a float type as 'output_dtype' and floats to "
                     "cast, found '{}' and {}",
                     name, toString(source));
  return single(element, source.dims);
}

} // namespace

void addCompressedOps(OpTable &table) {
  table["constexpr_lut_to_dense"] = {"indices! lut! shape!? vector_axis!?",
                                     inferLookup};
  table["constexpr_sparse_to_dense"] = {"nonzero_data! mask! shape!?",
                                        inferSparse};
  table["constexpr_cast"] = {"source_val! output_dtype!", inferConstexprCast};
}

} // namespace anec::rt::mil
