//===- MILOps.td - The MIL operators that kernels use ------*- tablegen -*-===//
//
// Programs, constants, linear algebra, reductions and data movement. Semantics
// and constraints stand in the descriptions; (C1).. return as labels in
// MILInference.cpp and in test/dialect/MIL.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_MIL_MILOPS_TD
#define ANEC_DIALECT_MIL_MILOPS_TD

include "dialect/MIL/MILBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

def MIL_ProgramOp : Op<MIL_Dialect, "program",
    [Symbol, SymbolTable, IsolatedFromAbove, SingleBlock, NoTerminator]> {
  let summary = "one kernel: what the device compiles as a unit";
  let description = [{
    Holds one `mil.func @main`. Discardable attributes on it describe the
    surfaces (see pack-weights).

    - (C1) The body holds exactly one op, a `mil.func` named `main`.

    ```mlir
    mil.program @double {
      mil.func @main(%x: tensor<1x32x1x32xf16>) -> tensor<1x32x1x32xf16> {
        %y = mil.add %x, %x : tensor<1x32x1x32xf16>, tensor<1x32x1x32xf16>
        mil.return %y : tensor<1x32x1x32xf16>
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name)>];
  let extraClassDeclaration = [{
    /// The function of the program.
    FuncOp getMain();
  }];
}

def MIL_FuncOp : Op<MIL_Dialect, "func",
    [IsolatedFromAbove, FunctionOpInterface, HasParent<"ProgramOp">]> {
  let summary = "function of a program";
  let description = [{
    - (C1) Inputs and results are tensors.
    - (C2) It has a body.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
      TypeAttrOf<FunctionType>:$function_type,
      OptionalAttr<DictArrayAttr>:$arg_attrs,
      OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name,
                                 "::mlir::FunctionType":$type)>];
  let extraClassDeclaration = [{
    ::mlir::Region *getCallableRegion() { return &getBody(); }
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() {
      return getFunctionType().getInputs();
    }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() {
      return getFunctionType().getResults();
    }
  }];
}

def MIL_ReturnOp : Op<MIL_Dialect, "return",
    [Pure, Terminator, HasParent<"FuncOp">]> {
  let summary = "outputs of a function";
  let description = [{
    - (C1) Operand types are the function's result types.
  }];
  let arguments = (ins Variadic<MIL_Tensor>:$outputs);
  let assemblyFormat = "attr-dict ($outputs^ `:` type($outputs))?";
  let hasVerifier = 1;
}

def MIL_ConstOp : Op<MIL_Dialect, "const", [Pure]> {
  let summary = "float constant, in the text or in a file";
  let description = [{
    A constant without a value is a baked weight: the runtime writes the file.
    Compile-time parameters of other types are attributes of their op.

    - (C1) `value`, where present, has the type of the result.
    - (C2) A value or a file is present.
    - (C3) `exact`, where fp16 rounded the value, has its shape in f32.
    - (C4) `offset`, of the entry's metadata, stands with a file that holds
      several; without it the entry is the first, at 64.

    The device is given `value`; whoever computes in f32 or f64 takes `exact`.

    ```mlir
    %half = mil.const dense<5.0e-01> : tensor<f16>
    %third = mil.const dense<3.3325e-01> : tensor<f16> {exact = dense<0.333333343> : tensor<f32>}
    %mask = mil.const dense<0.0> : tensor<1x1x4x4xf16> in "weights/mask.bin"
    %w = mil.const in "weights/wq.bin" : tensor<8x8x1x1xf16>
    %v = mil.const in "weight.bin" : tensor<8x8x1x1xf16> {offset = 192 : i64}
    ```
  }];
  let arguments = (ins OptionalAttr<ElementsAttr>:$value,
                       OptionalAttr<StrAttr>:$file,
                       OptionalAttr<ElementsAttr>:$exact,
                       OptionalAttr<I64Attr>:$offset);
  let builders = [
    OpBuilder<(ins "::mlir::Type":$type, "::mlir::ElementsAttr":$value,
                   "::mlir::StringAttr":$file)>];
  let results = (outs MIL_FloatTensor:$output);
  let assemblyFormat = "custom<Constant>($value, $file, type($output)) attr-dict";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Element-wise
//===----------------------------------------------------------------------===//

def MIL_AddOp : MIL_Binary<"add"> { let summary = "x + y"; }
def MIL_SubOp : MIL_Binary<"sub"> { let summary = "x - y"; }
def MIL_MulOp : MIL_Binary<"mul"> { let summary = "x * y"; }
def MIL_RealDivOp : MIL_Binary<"real_div"> { let summary = "x / y"; }
def MIL_PowOp : MIL_Binary<"pow"> {
  let summary = "x to the power of y; pow(0, -0.5) is infinity";
}
def MIL_MaximumOp : MIL_Binary<"maximum"> {
  let summary = "the larger of x and y; NaN propagates";
}

def MIL_SigmoidOp : MIL_Unary<"sigmoid"> {
  let summary = "1 / (1 + exp(-x)), without overflow";
}
def MIL_TanhOp : MIL_Unary<"tanh"> { let summary = "hyperbolic tangent"; }
def MIL_ReluOp : MIL_Unary<"relu"> { let summary = "max(x, 0)"; }
def MIL_SqrtOp : MIL_Unary<"sqrt"> { let summary = "square root"; }
def MIL_AbsOp : MIL_Unary<"abs"> { let summary = "absolute value"; }

def MIL_CastOp : MIL_Op<"cast", (ins MIL_Tensor:$x, StrAttr:$dtype),
                        [InferTypeOpAdaptor]> {
  let summary = "conversion to the element type named `dtype`";
  let description = [{
    - (C1) `dtype` is "fp16", "fp32", "int32" or "bool".
    - (C2) `shape(output) = shape(x)`.

    ```mlir
    %y = mil.cast %x, dtype = "fp32" : tensor<1x32x1x32xf16>
    ```
  }];
  let results = (outs MIL_Tensor:$output);
  let assemblyFormat = [{
    $x `,` `dtype` `=` $dtype attr-dict `:` type($x)
  }];
}

//===----------------------------------------------------------------------===//
// Linear algebra
//===----------------------------------------------------------------------===//

def MIL_MatmulOp : MIL_Op<"matmul",
    (ins MIL_FloatTensor:$x, MIL_FloatTensor:$y, BoolAttr:$transpose_x,
         BoolAttr:$transpose_y),
    [InferTypeOpAdaptor, AllElementTypesMatch<["x", "y"]>]> {
  let summary = "matrix product over the last two dimensions";
  let description = [{
    Swaps the last two dimensions of an operand where asked, then multiplies.
    The other dimensions broadcast.

    - (C1) Ranks are at least 2.
    - (C2) The contracted dimensions are equal.
    - (C3) The other dimensions broadcast.

    ```mlir
    %s = mil.matmul %q, %k, transpose_x = true, transpose_y = false
      : tensor<1x4x8x32xf16>, tensor<1x4x8x32xf16>   // tensor<1x4x32x32xf16>
    ```
  }];
  let results = (outs MIL_FloatTensor:$output);
  let assemblyFormat = [{
    $x `,` $y `,` `transpose_x` `=` $transpose_x `,`
    `transpose_y` `=` $transpose_y attr-dict `:` type($x) `,` type($y)
  }];
}

def MIL_ConvOp : MIL_Op<"conv",
    (ins MIL_FloatTensor:$x, MIL_FloatTensor:$weight, DenseI32ArrayAttr:$strides,
         StrAttr:$pad_type, DenseI32ArrayAttr:$pad, DenseI32ArrayAttr:$dilations,
         I32Attr:$groups),
    [InferTypeOpAdaptor, AllElementTypesMatch<["x", "weight"]>]> {
  let summary = "two-dimensional cross-correlation";
  let description = [{
    `x` is [N, Cin, H, W], `weight` [Cout, Cin / groups, KH, KW]. There is no
    bias: the device refuses it.

    - (C1) `x` and `weight` have rank 4.
    - (C2) `strides` and `dilations` have 2, `pad` has 4 elements.
    - (C3) `pad_type` is "valid" or "custom"; `pad` is zero for "valid".
    - (C4) `dim(x, 1) = dim(weight, 1) * groups`; groups divides dim(weight, 0).
    - (C5) The window fits the padded input.

    ```mlir
    %y = mil.conv %x, %w, strides = [1, 1], pad_type = "valid",
      pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1
      : tensor<1x8x1x32xf16>, tensor<16x8x1x1xf16>   // tensor<1x16x1x32xf16>
    ```
  }];
  let results = (outs MIL_FloatTensor:$output);
  let assemblyFormat = [{
    $x `,` $weight `,` `strides` `=` $strides `,` `pad_type` `=` $pad_type
    `,` `pad` `=` $pad `,` `dilations` `=` $dilations `,` `groups` `=` $groups
    attr-dict `:` type($x) `,` type($weight)
  }];
  // A convolution with stride 1, no padding, one group: what 1x1 needs.
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Value":$weight)>];
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

def MIL_ReduceSumOp : MIL_Reduction<"reduce_sum"> {
  let summary = "sum over `axes`";
  let description = [{
    - (C1) Axes are in [-rank, rank) and name each dimension at most once.
    - (C2) Reduced dimensions are 1 with `keep_dims`, else removed.

    ```mlir
    %s = mil.reduce_sum %x, axes = [1], keep_dims = true
      : tensor<1x32x1x64xf16>                        // tensor<1x1x1x64xf16>
    ```
  }];
}
def MIL_ReduceMaxOp : MIL_Reduction<"reduce_max"> {
  let summary = "maximum over `axes`";
  let description = "Constraints and shapes as `mil.reduce_sum`.";
}

def MIL_SoftmaxOp : MIL_Op<"softmax", (ins MIL_FloatTensor:$x, I32Attr:$axis),
                           [SameOperandsAndResultType]> {
  let summary = "exp(x - max) / sum(exp(x - max)) along `axis`";
  let description = [{
    - (C1) `axis` is in [-rank, rank).

    ```mlir
    %p = mil.softmax %s, axis = -1 : tensor<1x4x32x32xf16>
    ```
  }];
  let results = (outs MIL_FloatTensor:$output);
  let assemblyFormat = [{
    $x `,` `axis` `=` $axis attr-dict `:` type($x)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

def MIL_ReshapeOp : MIL_Op<"reshape",
    (ins MIL_Tensor:$x, DenseI32ArrayAttr:$shape), [InferTypeOpAdaptor]> {
  let summary = "row-major reinterpretation";
  let description = [{
    - (C1) Dimensions of `shape` are positive: no -1, no 0.
    - (C2) The numbers of elements are equal.

    ```mlir
    %y = mil.reshape %x, shape = [1, 4, 8, 32] : tensor<1x32x1x32xf16>
    ```
  }];
  let results = (outs MIL_Tensor:$output);
  let assemblyFormat = [{
    $x `,` `shape` `=` $shape attr-dict `:` type($x)
  }];
}

def MIL_TransposeOp : MIL_Op<"transpose",
    (ins MIL_Tensor:$x, DenseI32ArrayAttr:$perm), [InferTypeOpAdaptor]> {
  let summary = "output dimension i is input dimension perm[i]";
  let description = [{
    - (C1) `perm` is a permutation of 0 .. rank - 1.

    ```mlir
    %y = mil.transpose %x, perm = [0, 1, 3, 2] : tensor<1x1x8x32xf16>
    ```
  }];
  let results = (outs MIL_Tensor:$output);
  let assemblyFormat = [{
    $x `,` `perm` `=` $perm attr-dict `:` type($x)
  }];
}

def MIL_SliceBySizeOp : MIL_Op<"slice_by_size",
    (ins MIL_Tensor:$x, DenseI32ArrayAttr:$begin, DenseI32ArrayAttr:$size),
    [InferTypeOpAdaptor]> {
  let summary = "the block of `size` elements from `begin`";
  let description = [{
    - (C1) `begin` and `size` have rank(x) elements.
    - (C2) `begin >= 0`, `size > 0` and `begin + size <= dim(x)`.

    ```mlir
    %y = mil.slice_by_size %x, begin = [0, 0, 0, 32], size = [1, 8, 1, 32]
      : tensor<1x8x1x64xf16>
    ```
  }];
  let results = (outs MIL_Tensor:$output);
  let assemblyFormat = [{
    $x `,` `begin` `=` $begin `,` `size` `=` $size attr-dict
    `:` type($x)
  }];
}

def MIL_ConcatOp : MIL_Op<"concat",
    (ins Variadic<MIL_Tensor>:$values, I32Attr:$axis, BoolAttr:$interleave),
    [InferTypeOpAdaptor], /*variadic=*/1> {
  let summary = "tensors one after the other along `axis`";
  let description = [{
    - (C1) At least one value.
    - (C2) `axis` is in [-rank, rank).
    - (C3) All dimensions but `axis` and the element types are equal.
    - (C4) `interleave` is false.

    ```mlir
    %y = mil.concat (%a, %b), axis = 1, interleave = false
      : tensor<1x8x1x32xf16>, tensor<1x24x1x32xf16>
    ```
  }];
  let results = (outs MIL_Tensor:$output);
  let assemblyFormat = [{
    `(` $values `)` `,` `axis` `=` $axis `,` `interleave` `=` $interleave
    attr-dict `:` type($values)
  }];
}

#endif // ANEC_DIALECT_MIL_MILOPS_TD
