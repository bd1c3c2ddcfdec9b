//===- NNElementwiseOps.td - One element at a time ---------*- tablegen -*-===//
#ifndef ANEC_DIALECT_NN_ELEMENTWISE
#define ANEC_DIALECT_NN_ELEMENTWISE

include "dialect/NN/NNOpBase.td"

class NN_UnaryOp<string mnemonic, list<Trait> traits = [NN_Differentiable]>
    : NN_ComputeOp<mnemonic, [NN_Cheap, SameOperandsAndResultType] # traits> {
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

def NN_SiluOp : NN_UnaryOp<"silu"> {
  let summary = "`y = x * sigmoid(x)`";
  let description = [{
    ```mlir
    %y = nn.silu %x : tensor<2x4x8xf32>
    ```
  }];
}
def NN_SigmoidOp : NN_UnaryOp<"sigmoid"> {
  let summary = "`y = 1 / (1 + exp(-x))`";
  let description = [{
    ```mlir
    %y = nn.sigmoid %x : tensor<2x4x8xf32>
    ```
  }];
}
def NN_TanhOp : NN_UnaryOp<"tanh"> {
  let summary = "`y = tanh(x)`";
  let description = [{
    ```mlir
    %y = nn.tanh %x : tensor<2x4x8xf32>
    ```
  }];
}
def NN_ReluOp : NN_UnaryOp<"relu"> {
  let summary = "`y = max(x, 0)`";
  let description = [{
    ```mlir
    %y = nn.relu %x : tensor<2x4x8xf32>
    ```
  }];
}
def NN_ReluGradOp : NN_ComputeOp<"relu_grad",
    [NN_Cheap, SameOperandsAndResultType]> {
  let summary = "`dx = dy` where `y > 0`, 0 elsewhere";
  let description = [{
    Of the result of `nn.relu`, so that its operand need not be kept.

    ```mlir
    %dx = nn.relu_grad %y, %dy : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$y, NN_Tensor:$dy);
  let results = (outs NN_Tensor:$dx);
  let assemblyFormat = "$y `,` $dy attr-dict `:` type($y)";
}
def NN_GeluOp : NN_UnaryOp<"gelu"> {
  let summary = "`y = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))`";
  let description = [{
    The form with tanh, as in GPT-2: the device has no other. Hendrycks and
    Gimpel, arXiv:1606.08415.

    ```mlir
    %y = nn.gelu %x : tensor<2x4x8xf32>
    ```
  }];
}
def NN_ExpOp : NN_HostOp<"exp",
    [NN_Cheap, NN_Differentiable, SameOperandsAndResultType]> {
  let summary = "`y = e^x`";
  let description = [{
    Host work: what is proven on devices has no exponential but inside softmax.

    ```mlir
    %y = nn.exp %x : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}
def NN_ScaleOp : NN_UnaryOp<"scale"> {
  let summary = "`y = factor * x`";
  let description = [{
    ```mlir
    %y = nn.scale %x {factor = 0.125} : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Tensor:$x, F64Attr:$factor);
}
def NN_StopGradientOp : NN_UnaryOp<"stop_gradient", []> {
  let summary = "`y = x`, through which no gradient flows";
  let description = [{
    Removed by nn-autodiff, which is the pass it speaks to.

    ```mlir
    %y = nn.stop_gradient %x : tensor<2x4x8xf32>
    ```
  }];
}

class NN_BinaryOp<string mnemonic>
    : NN_ComputeOp<mnemonic, [NN_Cheap, NN_Differentiable,
                              AllTypesMatch<["x", "z"]>]> {
  let arguments = (ins NN_Tensor:$x, NN_Tensor:$y);
  let results = (outs NN_Tensor:$z);
  let assemblyFormat = "$x `,` $y attr-dict `:` type($x) `,` type($y)";
  let hasVerifier = 1;
}

def NN_AddOp : NN_BinaryOp<"add"> {
  let summary = "`z = x + y`";
  let description = [{
    - (C1) `shape(y)` is `shape(x)` or its last dimensions; y is then the same
      for every index of the others.

    ```mlir
    %z = nn.add %x, %bias : tensor<2x4x8xf32>, tensor<8xf32>
    ```
  }];
}
def NN_SubOp : NN_BinaryOp<"sub"> {
  let summary = "`z = x - y`";
  let description = [{
    - (C1) as for `nn.add`.

    ```mlir
    %z = nn.sub %x, %y : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    ```
  }];
}
def NN_MulOp : NN_BinaryOp<"mul"> {
  let summary = "`z = x * y`, element by element";
  let description = [{
    - (C1) as for `nn.add`.

    ```mlir
    %z = nn.mul %x, %y : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    ```
  }];
}

def NN_ScaleTokensOp : NN_ComputeOp<"scale_tokens",
    [NN_Cheap, AllTypesMatch<["x", "y"]>]> {
  let summary = "`y[b,s,d] = x[b,s,d] * weights[b,s,0]`";
  let description = [{
    - (C1) `shape(weights) = [dim(x, 0), dim(x, 1), 1]`.

    ```mlir
    %y = nn.scale_tokens %x, %w : tensor<2x4x8xf32>, tensor<2x4x1xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Activation:$weights);
  let results = (outs NN_Activation:$y);
  let assemblyFormat =
      "$x `,` $weights attr-dict `:` type($x) `,` type($weights)";
  let hasVerifier = 1;
}

def NN_PeakOp : NN_DeviceOp<"peak", []> {
  let summary = "the largest feature of each token";
  let description = [{
    - (C1) `shape(y) = [dim(x, 0), dim(x, 1), 1]`.

    ```mlir
    %y = nn.peak %x : tensor<2x4x8xf32> -> tensor<2x4x1xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
  let hasVerifier = 1;
}

def NN_SumTokensOp : NN_ComputeOp<"sum_tokens", [InferTypeOpAdaptor]> {
  let summary = "`y[d] = sum over batch and sequence of x[b,s,d]`";
  let description = [{
    The gradient of a vector that was the same for every token.

    ```mlir
    %y = nn.sum_tokens %x : tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x);
  let results = (outs NN_Vector:$y);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

#endif // ANEC_DIALECT_NN_ELEMENTWISE
