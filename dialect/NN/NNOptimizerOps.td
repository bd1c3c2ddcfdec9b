//===- NNOptimizerOps.td - Updates on the device -----------*- tablegen -*-===//
#ifndef ANEC_DIALECT_NN_OPTIMIZER
#define ANEC_DIALECT_NN_OPTIMIZER

include "dialect/NN/NNOpBase.td"

def NN_AdamwOp : NN_DeviceOp<"adamw",
    [AllTypesMatch<["weight", "rest", "mean", "root", "gradient", "new_weight",
                    "new_rest", "new_mean", "new_root"]> /*C1*/]> {
  let summary = "one update of a matrix by AdamW, for storage in fp16";
  let description = [{
    Matrices are as they lie in surfaces, [1, columns, rows]. The value is
    `weight + rest / 2048`: the weight rounded to fp16, which products read, and
    what that leaves, so that steps below the distance of two fp16 numbers add
    up. `root` is that of the second moment, which has twice the exponents.
    With the rows f of `factors` in the order of rt::UpdateFactor:

    ```
    g     = gradient * f0 * f1
    mean' = mean + f2 * (g - mean)
    t     = max(root, |g|) + 2^-14
    root' = t * sqrt((root/t)^2 + f3 * ((g/t)^2 - (root/t)^2))
    r     = rest - (f5 * mean' / (root' + f4) + f6 * weight)
    weight' = weight + r / 2048
    rest' = r - (weight' - weight) * 2048
    ```

    - (C1) matrices have one type.
    - (C2) `shape(factors) = [1, columns, 7]`, each row of equal numbers.

    ```mlir
    %w, %r, %m, %v = nn.adamw %w0, %r0, %m0, %v0, %g, %f : tensor<1x32x64xf32>, tensor<1x32x7xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$weight, NN_Activation:$rest,
                       NN_Activation:$mean, NN_Activation:$root,
                       NN_Activation:$gradient, NN_Activation:$factors);
  let results = (outs NN_Activation:$new_weight, NN_Activation:$new_rest,
                      NN_Activation:$new_mean, NN_Activation:$new_root);
  let assemblyFormat = [{
    $weight `,` $rest `,` $mean `,` $root `,` $gradient `,` $factors attr-dict
    `:` type($weight) `,` type($factors)
  }];
  let hasVerifier = 1;
}

def NN_RowSquaresOp : NN_DeviceOp<"row_squares",
    [AllTypesMatch<["peak", "squares"]>]> {
  let summary = "for each row of a matrix the sum of its squares, scaled";
  let description = [{
    `peak` is the largest magnitude of a row and 2^-14, `squares` the sum of
    `(x / peak)^2`: neither overflows, and `peak^2 * squares` is what the norm of
    all gradients needs of the row. Matrices are as they lie in surfaces,
    [1, columns, rows].

    - (C1) `shape(peak) = shape(squares) = [1, 1, rows]`.

    ```mlir
    %p, %s = nn.row_squares %x : tensor<1x32x64xf32> -> tensor<1x1x64xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x);
  let results = (outs NN_Activation:$peak, NN_Activation:$squares);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($peak)";
  let hasVerifier = 1;
}

#endif // ANEC_DIALECT_NN_OPTIMIZER
