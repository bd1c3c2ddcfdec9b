//===- NNBase.td - The nn dialect's types and attributes ---*- tablegen -*-===//
//
// What the values of a model are: f32 tensors without a layout, and stacks of
// them across the iterations of a scan.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_BASE
#define ANEC_DIALECT_NN_BASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def NN_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::anec::nn";
  let summary = "models as their authors think of them";
  let description = [{
    A model is a graph of layers, parameters and a loss over f32 tensors of
    shape [batch, sequence, features]. Nothing here knows a layout, a precision
    or a device.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 0;
}

// Types ----------------------------------------------------------------------

class NN_Ranked<int rank, string what>
    : Type<And<[IsRankedTensorTypePred, HasStaticShapePred, HasAnyRankOfPred<[rank]>,
                SubstLeaves<"$_self",
                  "::llvm::cast<::mlir::ShapedType>($_self).getElementType()",
                  F32.predicate>]>,
           what, "::mlir::RankedTensorType">;

def NN_Scalar : NN_Ranked<0, "f32 scalar tensor">;
def NN_Vector : NN_Ranked<1, "f32 tensor [features]">;
def NN_Matrix : NN_Ranked<2, "f32 tensor [rows, columns]">;
def NN_Activation : NN_Ranked<3, "f32 tensor [batch, sequence, features]">;
def NN_Scores : NN_Ranked<4, "f32 tensor [batch, heads, sequence, sequence]">;
def NN_Tensor : Type<
    And<[IsRankedTensorTypePred, HasStaticShapePred,
         SubstLeaves<"$_self",
           "::llvm::cast<::mlir::ShapedType>($_self).getElementType()",
           F32.predicate>]>,
    "static f32 tensor", "::mlir::RankedTensorType">;
def NN_Tokens : Type<
    And<[IsRankedTensorTypePred, HasStaticShapePred, HasAnyRankOfPred<[2]>,
         SubstLeaves<"$_self",
           "::llvm::cast<::mlir::ShapedType>($_self).getElementType()",
           I32.predicate>]>,
    "i32 tensor [batch, sequence] of token ids", "::mlir::RankedTensorType">;

def NN_StackType : TypeDef<NN_Dialect, "Stack"> {
  let mnemonic = "stack";
  let summary = "one tensor for each iteration of a scan";
  let description = [{
    `!nn.stack<N x T>` is N separate tensors, never one tensor with a leading
    dimension: lowering makes it N surfaces or buffers, without a slice.
  }];
  let parameters = (ins "int64_t":$count, "::mlir::Type":$element);
  let assemblyFormat = "`<` $count `x` $element `>`";
  let genVerifyDecl = 1;
}
def NN_TapeType : TypeDef<NN_Dialect, "Tape"> {
  let mnemonic = "tape";
  let summary = "what a forward scan leaves for its backward scan";
  let description = [{
    Stands between `nn.scan_forward` and `nn.scan_backward` until nn-split-joint
    has decided which values cross.
  }];
}
def NN_AnyValue : AnyTypeOf<[NN_Tensor, NN_StackType, NN_Tokens]>;

// Attributes -----------------------------------------------------------------

def NN_InitKind : I32EnumAttr<"InitKind", "how a parameter starts", [
    I32EnumAttrCase<"zeros", 0>, I32EnumAttrCase<"ones", 1>,
    I32EnumAttrCase<"normal", 2>]> {
  let cppNamespace = "::anec::nn";
}
def NN_InitAttr : AttrDef<NN_Dialect, "Init"> {
  let mnemonic = "init";
  let summary = "initialiser of a parameter";
  let description = [{
    `#nn.init<zeros>`, `#nn.init<ones>`, or `#nn.init<normal, 0.02>` with the
    standard deviation of a normal distribution around zero.
  }];
  let parameters = (ins EnumParameter<NN_InitKind>:$kind, APFloatParameter<"">:$deviation);
  let hasCustomAssemblyFormat = 1;
}

def NN_RopeStyle : I32EnumAttr<"RopeStyle", "which features form a pair", [
    I32EnumAttrCase<"interleaved", 0>, I32EnumAttrCase<"halves", 1>]> {
  let cppNamespace = "::anec::nn";
  let genSpecializedAttr = 0;
}
def NN_RopeStyleAttr : EnumAttr<NN_Dialect, NN_RopeStyle, "rope"> {
  let assemblyFormat = "`<` $value `>`";
}

def NN_PoolKind : I32EnumAttr<"PoolKind", "what a window of pixels becomes", [
    I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"average", 1>]> {
  let cppNamespace = "::anec::nn";
  let genSpecializedAttr = 0;
}
def NN_PoolKindAttr : EnumAttr<NN_Dialect, NN_PoolKind, "pool"> {
  let assemblyFormat = "$value";
}

#endif // ANEC_DIALECT_NN_BASE
