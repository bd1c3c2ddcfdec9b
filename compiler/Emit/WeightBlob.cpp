//===- WeightBlob.cpp - Constant files beside a program -------------------===//

#include "compiler/Emit/WeightBlob.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace anec {

namespace {

constexpr uint64_t recordBytes = 64;

void appendInteger(std::vector<uint8_t> &bytes, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i)
    bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

} // namespace

std::vector<uint8_t> writeWeightBlob(DenseElementsAttr value) {
  bool isHalf = value.getElementType().isF16();
  assert((isHalf || value.getElementType().isF32()) && "fp16 or fp32");
  unsigned elementBytes = isHalf ? 2 : 4;
  uint64_t dataBytes = value.getNumElements() * elementBytes;

  std::vector<uint8_t> bytes;
  bytes.reserve(2 * recordBytes + dataBytes);
  appendInteger(bytes, /*entries=*/1, 4);
  appendInteger(bytes, /*version=*/2, 4);
  bytes.resize(recordBytes, 0);

  appendInteger(bytes, /*sentinel=*/0xDEADBEEF, 4);
  appendInteger(bytes, /*dtype=*/isHalf ? 1 : 2, 4);
  appendInteger(bytes, dataBytes, 8);
  appendInteger(bytes, /*data offset=*/2 * recordBytes, 8);
  bytes.resize(2 * recordBytes, 0); // No padding bits; reserved.

  for (const APFloat &element : value.getValues<APFloat>())
    appendInteger(bytes, element.bitcastToAPInt().getZExtValue(), elementBytes);
  return bytes;
}

} // namespace anec
