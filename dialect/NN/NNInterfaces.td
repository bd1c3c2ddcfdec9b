//===- NNInterfaces.td - What an nn op can promise ---------*- tablegen -*-===//
//
// Differentiation is an op interface: each op states its own calculus, and the
// nn-autodiff pass owns traversal, accumulation and zeros.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_INTERFACES
#define ANEC_DIALECT_NN_INTERFACES

include "mlir/IR/OpBase.td"

def NN_DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::anec::nn";
  let description = [{
    An op with a vector-Jacobian product. A rule builds `nn` ops for the
    gradient of each operand from the gradients of the results; what is not
    needed is dead and removed by the caller, so a rule never asks.
  }];
  let methods = [
    InterfaceMethod<[{
        Sets `operandGrads[i]` to the gradient of operand i, with its type, or
        leaves it null where the operand has none (token ids, say). Every
        result gradient is given. Fails, after a diagnostic at the op, when
        this form of the op has no rule.
      }],
      "::llvm::LogicalResult", "buildVJP",
      (ins "::mlir::OpBuilder &":$builder,
           "::mlir::ValueRange":$resultGrads,
           "::llvm::MutableArrayRef<::mlir::Value>":$operandGrads)>,
  ];
}

#endif // ANEC_DIALECT_NN_INTERFACES
