//===- NNLayerOps.td - Linear maps, norms, embeddings ------*- tablegen -*-===//
#ifndef ANEC_DIALECT_NN_LAYER
#define ANEC_DIALECT_NN_LAYER

include "dialect/NN/NNOpBase.td"

def NN_LinearOp : NN_ComputeOp<"linear",
    [NN_Product, NN_Differentiable, InferTypeOpAdaptor]> {
  let summary = "linear map `y = x * transpose(weight)`";
  let description = [{
    Multiplies each row of `x` by the transposed `weight`, which is
    [output features, input features]. There is no bias (see `nn.add`).

    - (C1) `dim(x, 2) = dim(weight, 1)`.
    - (C2) `shape(y) = [dim(x, 0), dim(x, 1), dim(weight, 0)]`.

    ```mlir
    %y = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<16x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Matrix:$weight);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$x `,` $weight attr-dict `:` type($x) `,` type($weight)";
}

def NN_MatmulOp : NN_ComputeOp<"matmul",
    [NN_Product, NN_Differentiable, InferTypeOpAdaptor]> {
  let summary = "`y = op(a) * b` over activations flattened to matrices";
  let description = [{
    An activation [B,S,D] stands for the matrix [B*S, D]. Without
    `transpose_a`, b is a matrix and y an activation; with it, b is an
    activation and y the matrix of sums over all tokens: a weight gradient.

    - (C1) without `transpose_a`: `dim(a, 2) = dim(b, 0)` and
      `shape(y) = [dim(a, 0), dim(a, 1), dim(b, 1)]`.
    - (C2) with `transpose_a`: a and b have the same batch and sequence and
      `shape(y) = [dim(a, 2), dim(b, 2)]`.

    ```mlir
    %dx = nn.matmul %dy, %w : tensor<2x4x16xf32>, tensor<16x8xf32>
    %dw = nn.matmul %dy, %x transpose_a : tensor<2x4x16xf32>, tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$a,
                       AnyTypeOf<[NN_Matrix, NN_Activation]>:$b,
                       UnitAttr:$transpose_a);
  let results = (outs AnyTypeOf<[NN_Matrix, NN_Activation]>:$y);
  let assemblyFormat = [{
    $a `,` $b (`transpose_a` $transpose_a^)? attr-dict `:` type($a) `,` type($b)
  }];
}

def NN_RmsNormOp : NN_ComputeOp<"rms_norm",
    [NN_Cheap, NN_Differentiable, AllTypesMatch<["x", "y"]>]> {
  let summary = "`y = gain * x / sqrt(mean(x^2) + eps)` over features";
  let description = [{
    Zhang and Sennrich, arXiv:1910.07467. A kernel may have no gain where the
    weights that read y hold it already; see nn-fold-gains.

    - (C1) `dim(gain, 0) = dim(x, 2)`.
    - (C2) `eps > 0`.
    - (C3) A gain, unless in a kernel.

    ```mlir
    %y = nn.rms_norm %x, %gain {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, Optional<NN_Vector>:$gain,
                       F64Attr:$eps);
  let results = (outs NN_Activation:$y);
  let assemblyFormat =
      "$x (`,` $gain^)? attr-dict `:` type($x) (`,` type($gain)^)?";
  let hasVerifier = 1;
}
def NN_RmsNormGradOp : NN_ComputeOp<"rms_norm_grad",
    [NN_Cheap, AllTypesMatch<["x", "dx"]>, AllTypesMatch<["x", "dy"]>]> {
  let summary = "gradient of `nn.rms_norm` with respect to x";
  let description = [{
    With n = x / sqrt(mean(x^2) + eps) and h = gain * dy:
    dx = (h - n * mean(h * n)) / sqrt(mean(x^2) + eps). Without a gain, which
    only a kernel may lack, `dy` is h.

    - (C1) A gain, unless in a kernel.

    ```mlir
    %dx = nn.rms_norm_grad %x, %gain, %dy {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, Optional<NN_Vector>:$gain,
                       NN_Activation:$dy, F64Attr:$eps);
  let results = (outs NN_Activation:$dx);
  let assemblyFormat = [{
    $x `,` custom<GainAndGradient>($gain, $dy) attr-dict `:` type($x)
    (`,` type($gain)^)?
  }];
  let hasVerifier = 1;
}
def NN_RmsNormNonzeroOp : NN_HostOp<"rms_norm_nonzero",
    [AllTypesMatch<["x", "y"]>]> {
  let summary = "`nn.rms_norm` with a gain of 1 where the gain is 0";
  let description = [{
    What weight gradients are taken with when the gain's gradient is derived
    from them: nothing is lost where the gain is 0. See nn-derive-gains.

    ```mlir
    %y = nn.rms_norm_nonzero %x, %gain {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Vector:$gain, F64Attr:$eps);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$x `,` $gain attr-dict `:` type($x) `,` type($gain)";
}
def NN_RmsNormGainGradOp : NN_ComputeOp<"rms_norm_gain_grad",
    [InferTypeOpAdaptor, AllTypesMatch<["x", "dy"]>]> {
  let summary = "gradient of `nn.rms_norm` with respect to its gain";
  let description = [{
    dgain[d] = sum over tokens of dy * x / sqrt(mean(x^2) + eps).

    ```mlir
    %dgain = nn.rms_norm_gain_grad %x, %dy {eps = 1.0e-5} : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Activation:$dy, F64Attr:$eps);
  let results = (outs NN_Vector:$dgain);
  let assemblyFormat = "$x `,` $dy attr-dict `:` type($x)";
}

def NN_LayerNormOp : NN_ComputeOp<"layer_norm",
    [NN_Cheap, NN_Differentiable, AllTypesMatch<["x", "y"]>]> {
  let summary = "`y = gain * (x - mean(x)) / sqrt(var(x) + eps)` over features";
  let description = [{
    Ba, Kiros and Hinton, arXiv:1607.06450. There is no bias (see `nn.add`).
    The same as `nn.rms_norm` of `nn.center`, and so is its gradient.

    - (C1) `dim(gain, 0) = dim(x, 2)`.
    - (C2) `eps > 0`.

    ```mlir
    %y = nn.layer_norm %x, %gain {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Vector:$gain, F64Attr:$eps);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$x `,` $gain attr-dict `:` type($x) `,` type($gain)";
  let hasVerifier = 1;
}
def NN_CenterOp : NN_ComputeOp<"center",
    [NN_Cheap, NN_Differentiable, SameOperandsAndResultType]> {
  let summary = "`y = x - mean(x)` over features";
  let description = [{
    A projection: its own gradient.

    ```mlir
    %y = nn.center %x : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def NN_RopeOp : NN_ComputeOp<"rope",
    [NN_Cheap, NN_Differentiable, SameOperandsAndResultType]> {
  let summary = "rotary position embedding";
  let description = [{
    Rotates pair i of each head at position p by the angle
    p * theta^(-2i / head_dim); `inverse` rotates back. A pair is features
    (2i, 2i+1) of a head, or (i, i + head_dim/2) with `halves`.
    Su et al., arXiv:2104.09864.

    - (C1) `head_dim` is even and divides `dim(x, 2)`.
    - (C2) `theta > 0`.

    ```mlir
    %y = nn.rope %x {head_dim = 4 : i64, theta = 1.0e+4, style = #nn.rope<interleaved>} : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, I64Attr:$head_dim, F64Attr:$theta,
                       NN_RopeStyleAttr:$style, UnitAttr:$inverse);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def NN_EmbeddingOp : NN_HostOp<"embedding",
    [NN_Differentiable, InferTypeOpAdaptor]> {
  let summary = "`y[b,s,:] = table[tokens[b,s], :]`";
  let description = [{
    - (C1) `shape(y) = [dim(tokens, 0), dim(tokens, 1), dim(table, 1)]`.

    ```mlir
    %y = nn.embedding %tokens, %table : tensor<2x4xi32>, tensor<32x8xf32>
    ```
  }];
  let arguments = (ins NN_Tokens:$tokens, NN_Matrix:$table);
  let results = (outs NN_Activation:$y);
  let assemblyFormat =
      "$tokens `,` $table attr-dict `:` type($tokens) `,` type($table)";
}
def NN_EmbeddingGradOp : NN_HostOp<"embedding_grad"> {
  let summary = "sums the rows of dy into the rows that the tokens chose";
  let description = [{
    ```mlir
    %dtable = nn.embedding_grad %tokens, %dy : tensor<2x4xi32>, tensor<2x4x8xf32> -> tensor<32x8xf32>
    ```
  }];
  let arguments = (ins NN_Tokens:$tokens, NN_Activation:$dy);
  let results = (outs NN_Matrix:$dtable);
  let assemblyFormat = [{
    $tokens `,` $dy attr-dict `:` type($tokens) `,` type($dy) `->` type($dtable)
  }];
}

#endif // ANEC_DIALECT_NN_LAYER
