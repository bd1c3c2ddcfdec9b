//===- NNOpBase.td - Classes that the op groups share ------*- tablegen -*-===//
#ifndef ANEC_DIALECT_NN_OPBASE
#define ANEC_DIALECT_NN_OPBASE

include "dialect/NN/NNBase.td"
include "dialect/NN/NNInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic, traits>;

def NN_Differentiable
    : DeclareOpInterfaceMethods<NN_DifferentiableOpInterface>;

/// The convert-nn-to-mil pass has a lowering for the op.
def NN_DeviceCapable : NativeOpTrait<"DeviceCapable"> {
  let cppNamespace = "::anec::nn";
}
/// The runtime has a host op of the same name.
def NN_HostCapable : NativeOpTrait<"HostCapable"> {
  let cppNamespace = "::anec::nn";
}
/// Costs about as much as reading its operands: cheaper to compute again than
/// to keep.
def NN_Cheap : NativeOpTrait<"Cheap"> {
  let cppNamespace = "::anec::nn";
}

/// Multiplies matrices: worth a dispatch.
def NN_Product : NativeOpTrait<"Product"> {
  let cppNamespace = "::anec::nn";
}

/// A pure op that runs on both sides.
class NN_ComputeOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, [Pure, NN_DeviceCapable, NN_HostCapable] # traits>;
class NN_HostOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, [Pure, NN_HostCapable] # traits>;
class NN_DeviceOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, [Pure, NN_DeviceCapable] # traits>;

#endif // ANEC_DIALECT_NN_OPBASE
