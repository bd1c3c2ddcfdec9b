//===- MILBase.td - The dialect, its types and op classes --*- tablegen -*-===//
//
// One op class gives every op its MIL parameter names; derived classes share
// the inference of element-wise ops and reductions.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_MIL_MILBASE_TD
#define ANEC_DIALECT_MIL_MILBASE_TD

include "dialect/MIL/MILInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def MIL_Dialect : Dialect {
  let name = "mil";
  let cppNamespace = "::anec::mil";
  let summary = "Apple's model intermediate language, one op per operator";
  let description = [{
    A `mil.program` is one kernel. Each op is one MIL operator: the mnemonic is
    the operator's name, the ODS argument names are the MIL parameter names.
    Numerics: every result is rounded to its element type once; matmul, conv,
    softmax and reductions accumulate in f32.
  }];
}

def MIL_Float : AnyTypeOf<[F16, F32], "fp16 or fp32">;
def MIL_Element : AnyTypeOf<[F16, F32, I32, I1], "fp16, fp32, int32 or bool">;
def MIL_Tensor : StaticShapeTensorOf<[MIL_Element]>;
def MIL_FloatTensor : StaticShapeTensorOf<[MIL_Float]>;

// `params` are the MIL parameters in the order in which they are written.
class MIL_Op<string mnemonic, dag params, list<Trait> traits = [],
             bit variadic = 0>
    : Op<MIL_Dialect, mnemonic, traits # [Pure, MIL_OpInterface]> {
  let arguments = params;
  let extraClassDeclaration = [{
    static ::llvm::ArrayRef<::llvm::StringRef> getParameterNames() {
      static const ::llvm::StringRef names[] = {
  }] # !interleave(!foreach(i, !range(!size(params)),
                            "\"" # !getdagname(params, i) # "\""), ", ") # [{};
      return names;
    }
    static bool hasVariadicParameter() { return }] # variadic # [{; }
  }];
}

// Element-wise, two operands, NumPy broadcasting.
class MIL_Binary<string mnemonic>
    : MIL_Op<mnemonic, (ins MIL_FloatTensor:$x, MIL_FloatTensor:$y),
             [InferTypeOpAdaptor, AllElementTypesMatch<["x", "y"]>]> {
  let description = [{
    - (C1) The shapes broadcast: trailing dimensions align, 1 stretches.
  }];
  let results = (outs MIL_FloatTensor:$output);
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x) `,` type($y)";
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *, std::optional<::mlir::Location> location,
        Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &inferred) {
      return inferBroadcast(location, adaptor.getX(), adaptor.getY(), inferred);
    }
  }];
}

// Element-wise, one operand.
class MIL_Unary<string mnemonic>
    : MIL_Op<mnemonic, (ins MIL_FloatTensor:$x), [SameOperandsAndResultType]> {
  let results = (outs MIL_FloatTensor:$output);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

// Reduction over some axes.
class MIL_Reduction<string mnemonic>
    : MIL_Op<mnemonic,
             (ins MIL_FloatTensor:$x, DenseI32ArrayAttr:$axes,
                  BoolAttr:$keep_dims),
             [InferTypeOpAdaptor]> {
  let results = (outs MIL_FloatTensor:$output);
  let assemblyFormat = [{
    $x `,` `axes` `=` $axes `,` `keep_dims` `=` $keep_dims attr-dict
    `:` type($x)
  }];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferReturnTypes(
        ::mlir::MLIRContext *, std::optional<::mlir::Location> location,
        Adaptor adaptor, ::llvm::SmallVectorImpl<::mlir::Type> &inferred) {
      return inferReduction(location, adaptor.getX(), adaptor.getAxes(),
                            adaptor.getKeepDims(), inferred);
    }
  }];
}

#endif // ANEC_DIALECT_MIL_MILBASE_TD
