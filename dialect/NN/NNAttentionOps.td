//===- NNAttentionOps.td - Attention, whole and in parts ---*- tablegen -*-===//
//
// A model author writes nn.attention. nn-split-causal-mask replaces it by the
// parts below, which are closed under differentiation.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_DIALECT_NN_ATTENTION
#define ANEC_DIALECT_NN_ATTENTION

include "dialect/NN/NNOpBase.td"

def NN_AttentionOp : NN_DeviceOp<"attention",
    [NN_Product, NN_Differentiable, AllTypesMatch<["q", "out"]>,
     AllTypesMatch<["k", "v"]>]> {
  let summary = "scaled dot-product attention over heads";
  let description = [{
    For each head h and the key/value head g = h / (heads / kv_heads):
    out_h = softmax(q_h * transpose(k_g) / sqrt(head dim)) * v_g, where `causal`
    lets position i see positions j <= i. kv_heads equal to heads is
    multi-head, fewer is grouped-query, one is multi-query attention.

    - (C1) `kv_heads` divides `heads`, and `heads` divides `dim(q, 2)`.
    - (C2) k and v have the batch and sequence of q and
      `dim(k, 2) = dim(q, 2) / heads * kv_heads`.

    ```mlir
    %o = nn.attention %q, %k, %v {heads = 4 : i64, kv_heads = 2 : i64, causal} : tensor<2x4x32xf32>, tensor<2x4x16xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$q, NN_Activation:$k, NN_Activation:$v,
                       I64Attr:$heads, I64Attr:$kv_heads, UnitAttr:$causal);
  let results = (outs NN_Activation:$out);
  let assemblyFormat = "$q `,` $k `,` $v attr-dict `:` type($q) `,` type($k)";
  let hasVerifier = 1;
}
def NN_AttentionGradOp : NN_DeviceOp<"attention_grad",
    [NN_Product, AllTypesMatch<["q", "dout", "dq"]>,
     AllTypesMatch<["k", "v", "dk", "dv"]>]> {
  let summary = "gradients of `nn.attention`";
  let description = [{
    Computes the probabilities again from q and k; nothing of size S x S is
    kept between forward and backward.

    ```mlir
    %dq, %dk, %dv = nn.attention_grad %q, %k, %v, %do {heads = 4 : i64, kv_heads = 2 : i64, causal} : tensor<2x4x32xf32>, tensor<2x4x16xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$q, NN_Activation:$k, NN_Activation:$v,
                       NN_Activation:$dout, I64Attr:$heads, I64Attr:$kv_heads,
                       UnitAttr:$causal);
  let results = (outs NN_Activation:$dq, NN_Activation:$dk, NN_Activation:$dv);
  let assemblyFormat =
      "$q `,` $k `,` $v `,` $dout attr-dict `:` type($q) `,` type($k)";
}

def NN_CausalMaskOp : NN_DeviceOp<"causal_mask", [NN_Cheap]> {
  let summary = "0 where column <= row, -65504 elsewhere";
  let description = [{
    Added to scores before softmax. The lowest finite fp16 number, not -inf:
    inf - inf is 0 on the device.

    ```mlir
    %m = nn.causal_mask : tensor<4x4xf32>
    ```
  }];
  let results = (outs NN_Matrix:$mask);
  let assemblyFormat = "attr-dict `:` type($mask)";
}

class NN_HeadOp<string mnemonic>
    : NN_DeviceOp<mnemonic, [NN_Product, InferTypeOpAdaptor]> {
  code headNote = [{
    Key/value head of head h is h / (heads / kv_heads), or h % kv_heads with
    `grouped`, where heads that share one are kv_heads apart.
  }];
}
def NN_HeadScoresOp : NN_HeadOp<"head_scores"> {
  let summary = "`s[b,h,i,j] = sum_d q[b,i,h,d] * k[b,j,g,d]`";
  let description = headNote # [{
    - (C1) as (C1) and (C2) of `nn.attention`.

    ```mlir
    %s = nn.head_scores %q, %k, heads = 4, kv_heads = 2, grouped : tensor<2x4x32xf32>, tensor<2x4x16xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$q, NN_Activation:$k, I64Attr:$heads,
                       I64Attr:$kv_heads, UnitAttr:$grouped);
  let results = (outs NN_Scores:$scores);
  let assemblyFormat = [{
    $q `,` $k `,` `heads` `=` $heads `,` `kv_heads` `=` $kv_heads
    (`,` `grouped` $grouped^)? attr-dict `:` type($q) `,` type($k)
  }];
}
def NN_HeadMixOp : NN_HeadOp<"head_mix"> {
  let summary = "`o[b,i,h,d] = sum_j p[b,h,i,j] * v[b,j,g,d]`";
  let description = headNote # [{
    - (C1) `shape(p) = [batch, heads, sequence, sequence]` of v.

    ```mlir
    %o = nn.head_mix %p, %v, heads = 4, kv_heads = 2, grouped : tensor<2x4x4x4xf32>, tensor<2x4x16xf32>
    ```
  }];
  let arguments = (ins NN_Scores:$p, NN_Activation:$v, I64Attr:$heads,
                       I64Attr:$kv_heads, UnitAttr:$grouped);
  let results = (outs NN_Activation:$out);
  let assemblyFormat = [{
    $p `,` $v `,` `heads` `=` $heads `,` `kv_heads` `=` $kv_heads
    (`,` `grouped` $grouped^)? attr-dict `:` type($p) `,` type($v)
  }];
}
def NN_HeadMixTransposedOp : NN_HeadOp<"head_mix_transposed"> {
  let summary = "`o[b,j,g,d] = sum over i and the heads h of g of p[b,h,i,j] * q[b,i,h,d]`";
  let description = headNote # [{
    - (C1) as for `nn.head_mix`, with the features of q.

    ```mlir
    %o = nn.head_mix_transposed %p, %q, heads = 4, kv_heads = 2, grouped : tensor<2x4x4x4xf32>, tensor<2x4x32xf32>
    ```
  }];
  let arguments = (ins NN_Scores:$p, NN_Activation:$q, I64Attr:$heads,
                       I64Attr:$kv_heads, UnitAttr:$grouped);
  let results = (outs NN_Activation:$out);
  let assemblyFormat = [{
    $p `,` $q `,` `heads` `=` $heads `,` `kv_heads` `=` $kv_heads
    (`,` `grouped` $grouped^)? attr-dict `:` type($p) `,` type($q)
  }];
}

def NN_PermuteFeaturesOp : NN_DeviceOp<"permute_features",
    [NN_Cheap, SameOperandsAndResultType]> {
  let summary = "`y[b,s,p] = x[b,s,order[p]]`";
  let description = [{
    Reaches the device as slices only where nn-group-heads cannot move it into
    the order in which weights are staged.

    - (C1) `order` is a permutation of the features.

    ```mlir
    %y = nn.permute_features %x {order = array<i64: 2, 3, 0, 1>} : tensor<1x2x4xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, DenseI64ArrayAttr:$order);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def NN_SoftmaxOp : NN_ComputeOp<"softmax",
    [NN_Cheap, NN_Differentiable, SameOperandsAndResultType]> {
  let summary = "softmax over the last dimension";
  let description = [{
    ```mlir
    %p = nn.softmax %s : tensor<2x4x8x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}
def NN_SoftmaxGradOp : NN_ComputeOp<"softmax_grad",
    [NN_Cheap, SameOperandsAndResultType]> {
  let summary = "`dx = y * (dy - sum(y * dy))` over the last dimension";
  let description = [{
    ```mlir
    %dx = nn.softmax_grad %y, %dy : tensor<2x4x8x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$y, NN_Tensor:$dy);
  let results = (outs NN_Tensor:$dx);
  let assemblyFormat = "$y `,` $dy attr-dict `:` type($y)";
}

#endif // ANEC_DIALECT_NN_ATTENTION
