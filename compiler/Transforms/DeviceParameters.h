//===- DeviceParameters.h - Parameters that the device trains ---*- C++ -*-===//
//
// What passes tell each other about the optimiser, by attributes of the model.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_TRANSFORMS_DEVICEPARAMETERS_H
#define ANEC_COMPILER_TRANSFORMS_DEVICEPARAMETERS_H

#include "mlir/IR/BuiltinAttributes.h"

namespace anec {

/// nn-place leaves it where the user wants the optimiser on the device.
constexpr llvm::StringLiteral optimizerAttribute = "optimizer_on_device";

/// nn-offload-optimizer leaves a list of dictionaries: `parameter`, and the
/// kernels `squares` and `update`.
constexpr llvm::StringLiteral deviceParametersAttribute = "device_parameters";

} // namespace anec

#endif // ANEC_COMPILER_TRANSFORMS_DEVICEPARAMETERS_H
