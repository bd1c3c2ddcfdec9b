//===- NNShapeOps.td - Movement and sums along a dimension -*- tablegen -*-===//
//
// Each op is the gradient of another: transpose and reshape of themselves,
// slice and pad, concat and slice, reduce and expand. `dim` is 1, the sequence,
// or 2, the features; a batch is never mixed.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_SHAPE
#define ANEC_DIALECT_NN_SHAPE

include "dialect/NN/NNOpBase.td"

class NN_ShapeOp<string mnemonic>
    : NN_ComputeOp<mnemonic, [NN_Cheap, NN_Differentiable, InferTypeOpAdaptor]> {
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def NN_TransposeOp : NN_ShapeOp<"transpose"> {
  let summary = "`y[b, d, s] = x[b, s, d]`";
  let description = [{
    ```mlir
    %y = nn.transpose %x : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x);
}
def NN_ReshapeOp : NN_ShapeOp<"reshape"> {
  let summary = "the elements of each sequence, row by row, in another shape";
  let description = [{
    - (C1) `sequence` is at least 1 and divides `dim(x, 1) * dim(x, 2)`.
    - (C2) `shape(y) = [dim(x, 0), sequence, dim(x, 1) * dim(x, 2) / sequence]`.

    ```mlir
    %y = nn.reshape %x, sequence = 1 : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, I64Attr:$sequence);
  let assemblyFormat = [{
    $x `,` `sequence` `=` $sequence attr-dict `:` type($x)
  }];
}
def NN_SliceOp : NN_ShapeOp<"slice"> {
  let summary = "`size` positions or features from `begin` on";
  let description = [{
    - (C1) `dim` is 1 or 2.
    - (C2) `begin >= 0`, `size > 0` and `begin + size <= dim(x, dim)`.

    ```mlir
    %y = nn.slice %x, dim = 2, begin = 4, size = 4 : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, I64Attr:$dim, I64Attr:$begin,
                       I64Attr:$size);
  let assemblyFormat = [{
    $x `,` `dim` `=` $dim `,` `begin` `=` $begin `,`
    `size` `=` $size attr-dict `:` type($x)
  }];
}
def NN_PadOp : NN_ShapeOp<"pad"> {
  let summary = "x with zeros around it, `size` positions or features in all";
  let description = [{
    - (C1) `dim` is 1 or 2.
    - (C2) `begin >= 0` and `begin + dim(x, dim) <= size`.

    ```mlir
    %y = nn.pad %x, dim = 2, begin = 4, size = 16 : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, I64Attr:$dim, I64Attr:$begin,
                       I64Attr:$size);
  let assemblyFormat = [{
    $x `,` `dim` `=` $dim `,` `begin` `=` $begin `,`
    `size` `=` $size attr-dict `:` type($x)
  }];
}
def NN_ConcatOp : NN_ComputeOp<"concat",
    [NN_Cheap, NN_Differentiable, InferTypeOpAdaptor]> {
  let summary = "a, then b, along a dimension";
  let description = [{
    - (C1) `dim` is 1 or 2.
    - (C2) a and b are equal in the other dimensions.

    ```mlir
    %y = nn.concat %a, %b, dim = 2 : tensor<2x4x8xf32>, tensor<2x4x16xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$a, NN_Activation:$b, I64Attr:$dim);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = [{
    $a `,` $b `,` `dim` `=` $dim attr-dict `:` type($a) `,` type($b)
  }];
}
def NN_ReduceOp : NN_ShapeOp<"reduce"> {
  let summary = "the sum along a dimension, which stays with size 1";
  let description = [{
    A mean is `nn.scale` of it.

    - (C1) `dim` is 1 or 2.

    ```mlir
    %y = nn.reduce %x, dim = 1 : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, I64Attr:$dim);
  let assemblyFormat = [{
    $x `,` `dim` `=` $dim attr-dict `:` type($x)
  }];
}
def NN_ExpandOp : NN_ShapeOp<"expand"> {
  let summary = "`size` equal positions or features from one";
  let description = [{
    - (C1) `dim` is 1 or 2, and `dim(x, dim) = 1`.
    - (C2) `size` is at least 1.

    ```mlir
    %y = nn.expand %x, dim = 1, size = 4 : tensor<2x1x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, I64Attr:$dim, I64Attr:$size);
  let assemblyFormat = [{
    $x `,` `dim` `=` $dim `,` `size` `=` $size attr-dict `:` type($x)
  }];
}

#endif // ANEC_DIALECT_NN_SHAPE
