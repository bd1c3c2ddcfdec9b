//===- Compressed.cpp - Constants in fewer bits ---------------------------===//
//
// Look-up tables and masks, with indices of their own or packed in bytes.
// Weights are large, so elements go one by one.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Elements.h"
#include "runtime/device/cpu/Elementwise.h"

namespace anec::rt::cpu {

namespace {

void storeNumber(double number, const Tensor &tensor, int64_t offset) {
  storeRow<double>(&number, tensor.storage, tensor.at(offset), 1, 1);
}

/// Integers of `bits` bits, packed into the elements of a vector of bytes from
/// the least significant bit on.
class PackedIndices {
public:
  PackedIndices(const Tensor &bytes, int64_t bits) : bytes(bytes), bits(bits) {}

  int64_t operator[](int64_t index) const {
    int64_t number = 0;
    for (int64_t b = 0; b < bits; ++b) {
      const int64_t position = index * bits + b;
      const auto byte = static_cast<int64_t>(
          numberAt(bytes, position / 8 * bytes.strides[0]));
      number |= (byte >> (position % 8) & 1) << b;
    }
    return number;
  }

private:
  const Tensor &bytes;
  int64_t bits;
};

/// Every group of indices has a table of its own, whose entries are vectors
/// that lie along `axis` of the result.
void lookUp(const KernelArguments &arguments, int64_t axis) {
  const Tensor &indices = arguments.inputs[0], &lut = arguments.inputs[1];
  const Tensor &y = arguments.results[0];
  const size_t rank = indices.dims.size(), along = static_cast<size_t>(axis);
  const int64_t length = lut.dims[rank + 1];
  Dims place(rank, 0);
  for (int64_t i = 0; i < elementCount(indices.dims); ++i) {
    int64_t source = 0, table = 0, target = 0;
    for (size_t d = 0; d < rank; ++d) {
      source += place[d] * indices.strides[d];
      table += place[d] / (indices.dims[d] / lut.dims[d]) * lut.strides[d];
      target += place[d] * (d == along ? length : 1) * y.strides[d];
    }
    const auto index = static_cast<int64_t>(numberAt(indices, source));
    for (int64_t v = 0; v < length; ++v)
      storeNumber(numberAt(lut, table + index * lut.strides[rank] +
                                    v * lut.strides[rank + 1]),
                  y, target + v * y.strides[along]);
    for (size_t d = rank; d-- > 0 && ++place[d] == indices.dims[d];)
      place[d] = 0;
  }
}

Result<Kernel> prepareLookup(Preparation &preparation) {
  const mil::Operands &operands = preparation.operands;
  ANEC_ASSIGN(mil::Type lut, operands.type("lut"));
  ANEC_ASSIGN(mil::Type indices, operands.type("indices"));
  preparation.input("indices");
  preparation.input("lut");
  if (!operands.has("shape")) {
    ANEC_ASSIGN(int64_t axis, operands.axis("vector_axis", indices.rank(), 0));
    return Kernel(
        [axis](const KernelArguments &arguments) { lookUp(arguments, axis); });
  }
  int64_t bits = 0;
  while (int64_t(1) << bits < lut.dims[0])
    ++bits;
  return Kernel([bits](const KernelArguments &arguments) {
    const Tensor &table = arguments.inputs[1], &y = arguments.results[0];
    const PackedIndices packed(arguments.inputs[0], bits);
    for (int64_t i = 0; i < elementCount(y.dims); ++i)
      storeNumber(numberAt(table, packed[i] * table.strides[0]), y, i);
  });
}

/// The mask has as many ones as there are data, and none behind the last
/// element; the mask says which, so that is an error of the program's data.
Result<Kernel> prepareSparse(Preparation &preparation) {
  preparation.input("nonzero_data");
  preparation.input("mask");
  const bool isPacked = preparation.operands.has("shape");
  return Kernel([isPacked](const KernelArguments &arguments) {
    const Tensor &data = arguments.inputs[0], &mask = arguments.inputs[1];
    const Tensor &y = arguments.results[0];
    const PackedIndices packed(mask, 1);
    const int64_t count = elementCount(y.dims);
    const int64_t bits = isPacked ? 8 * mask.dims[0] : count;
    const Numbers whole = isPacked ? Numbers() : numbersOf(mask);
    int64_t used = 0;
    for (int64_t i = 0; i < bits; ++i) {
      const bool isSet =
          isPacked ? packed[i] != 0 : whole[static_cast<size_t>(i)] != 0;
      const bool isInside = i < count && (!isSet || used < data.dims[0]);
      if (isInside)
        storeNumber(isSet ? numberAt(data, used * data.strides[0]) : 0, y, i);
      used += isSet;
    }
    if (used != data.dims[0] && arguments.error)
      *arguments.error =
          fmt::format("expected {} ones in 'mask', one per element of "
                      "'nonzero_data', found {}",
                      data.dims[0], used);
  });
}

Result<Kernel> prepareConstexprCast(Preparation &preparation) {
  preparation.input("source_val");
  return Kernel([](const KernelArguments &arguments) {
    forEachChunk<double, 1>(arguments,
                            [](const auto &rows, double *y, int64_t count) {
                              std::copy_n(rows[0], count, y);
                            });
  });
}

} // namespace

void addCompressedKernels(KernelTable &table) {
  table["constexpr_lut_to_dense"] = prepareLookup;
  table["constexpr_sparse_to_dense"] = prepareSparse;
  table["constexpr_cast"] = prepareConstexprCast;
}

} // namespace anec::rt::cpu
