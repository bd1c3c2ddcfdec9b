//===- MILInterfaces.td - What the emitter asks an op ------*- tablegen -*-===//
//
// Every operator of the mil dialect knows its MIL parameter names in the order
// of its ODS arguments, so that one generic function can write all of them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_MIL_MILINTERFACES_TD
#define ANEC_DIALECT_MIL_MILINTERFACES_TD

include "mlir/IR/OpBase.td"

def MIL_OpInterface : OpInterface<"OperatorInterface"> {
  let description = [{
    An op that is one MIL operator: its mnemonic is the operator's name. Tensor
    parameters are operands, compile-time parameters are attributes.
  }];
  let cppNamespace = "::anec::mil";
  let methods = [
    StaticInterfaceMethod<[{
      Names of the MIL parameters, operands and attributes, in ODS order. The
      name of an attribute parameter is the name of the attribute.
    }], "::llvm::ArrayRef<::llvm::StringRef>", "getParameterNames">,
    StaticInterfaceMethod<[{
      Whether all operands are one MIL parameter, a list of tensors.
    }], "bool", "hasVariadicParameter">
  ];
}

#endif // ANEC_DIALECT_MIL_MILINTERFACES_TD
