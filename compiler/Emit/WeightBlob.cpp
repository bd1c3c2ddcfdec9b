//===- WeightBlob.cpp - Constant files beside a program -------------------===//

#include "compiler/Emit/WeightBlob.h"

#include "runtime/mil/Blob.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace anec {

std::vector<uint8_t> writeWeightBlob(DenseElementsAttr value) {
  bool isHalf = value.getElementType().isF16();
  assert((isHalf || value.getElementType().isF32()) && "fp16 or fp32");
  unsigned elementBytes = isHalf ? 2 : 4;
  std::vector<uint8_t> data;
  data.reserve(value.getNumElements() * elementBytes);
  for (const APFloat &element : value.getValues<APFloat>()) {
    uint64_t bits = element.bitcastToAPInt().getZExtValue();
    for (unsigned i = 0; i < elementBytes; ++i)
      data.push_back(static_cast<uint8_t>(bits >> (8 * i)));
  }
  rt::mil::BlobWriter writer;
  writer.append(isHalf ? rt::mil::ScalarType::FP16 : rt::mil::ScalarType::FP32,
                value.getNumElements(), data);
  return writer.bytes();
}

} // namespace anec
