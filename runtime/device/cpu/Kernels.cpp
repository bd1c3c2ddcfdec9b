//===- Kernels.cpp - What computes operators ------------------------------===//
//
// Collects the families.
//
//===----------------------------------------------------------------------===//
#include "runtime/device/cpu/Kernels.h"

namespace anec::rt::cpu {

std::optional<Error>
Preparation::expectFloat(const std::string &parameter) const {
  ANEC_ASSIGN(mil::Type type, operands.type(parameter));
  if (mil::isFloat(type.element))
    return std::nullopt;
  return makeError(ErrorCode::Unsupported,
                   "'{}' of type {} is not supported, only floats", parameter,
                   mil::scalarTypeName(type.element));
}

const KernelTable &kernelTable() {
  static const KernelTable table = [] {
    KernelTable all;
    addElementwiseKernels(all);
    addUnaryKernels(all);
    addReductionKernels(all);
    addLineKernels(all);
    addSoftmaxKernels(all);
    addProductKernels(all);
    addConvolutionKernels(all);
    addMovementKernels(all);
    addFillingKernels(all);
    addPoolingKernels(all);
    addQuantizationKernels(all);
    addCompressedKernels(all);
    addGatherKernels(all);
    addIndexingKernels(all);
    addLstmKernels(all);
    addNormalizationKernels(all);
    addRearrangementKernels(all);
    addResamplingKernels(all);
    addScatterKernels(all);
    addTransposedConvolutionKernels(all);
    return all;
  }();
  return table;
}

} // namespace anec::rt::cpu
