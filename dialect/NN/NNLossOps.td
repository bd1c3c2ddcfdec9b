//===- NNLossOps.td - Losses and where gradients start -----*- tablegen -*-===//
#ifndef ANEC_DIALECT_NN_LOSS
#define ANEC_DIALECT_NN_LOSS

include "dialect/NN/NNOpBase.td"

/// A loss: not differentiable with respect to its targets.
def NN_Loss : NativeOpTrait<"Loss"> { let cppNamespace = "::anec::nn"; }

def NN_CrossEntropyOp : NN_HostOp<"cross_entropy",
    [NN_Loss, NN_Differentiable, InferTypeOpAdaptor]> {
  let summary = "mean over tokens of -log softmax(logits)[target]";
  let description = [{
    - (C1) targets have the batch and sequence of logits.

    ```mlir
    %l = nn.cross_entropy %logits, %targets : tensor<2x4x32xf32>, tensor<2x4xi32>
    ```
  }];
  let arguments = (ins NN_Activation:$logits, NN_Tokens:$targets);
  let results = (outs NN_Scalar:$loss);
  let assemblyFormat =
      "$logits `,` $targets attr-dict `:` type($logits) `,` type($targets)";
}
def NN_CrossEntropyGradOp : NN_HostOp<"cross_entropy_grad",
    [AllTypesMatch<["logits", "dlogits"]>]> {
  let summary = "`dlogits = dloss / tokens * (softmax(logits) - one_hot(targets))`";
  let description = [{
    ```mlir
    %d = nn.cross_entropy_grad %logits, %targets, %dl : tensor<2x4x32xf32>, tensor<2x4xi32>, tensor<f32>
    ```
  }];
  let arguments = (ins NN_Activation:$logits, NN_Tokens:$targets,
                       NN_Scalar:$dloss);
  let results = (outs NN_Activation:$dlogits);
  let assemblyFormat = [{
    $logits `,` $targets `,` $dloss attr-dict `:` type($logits) `,`
    type($targets) `,` type($dloss)
  }];
}

def NN_LogLossOp : NN_HostOp<"log_loss", []> {
  let summary = "mean over tokens of -log p[target]";
  let description = [{
    `nn.cross_entropy` of logits whose softmax p is there already, computed by
    the device. A probability below 2^-24, the smallest fp16 can hold, counts as
    that.

    ```mlir
    %l = nn.log_loss %p, %targets : tensor<2x4x32xf32>, tensor<2x4xi32> -> tensor<f32>
    ```
  }];
  let arguments = (ins NN_Activation:$p, NN_Tokens:$targets);
  let results = (outs NN_Scalar:$loss);
  let assemblyFormat = [{
    $p `,` $targets attr-dict `:` type($p) `,` type($targets) `->` type($loss)
  }];
}
def NN_LogLossLogitsGradOp : NN_HostOp<"log_loss_logits_grad",
    [AllTypesMatch<["p", "dlogits"]>]> {
  let summary = "`dlogits = dloss / tokens * (p - one_hot(targets))`";
  let description = [{
    The gradient of `nn.log_loss` in the logits that p is the softmax of.

    ```mlir
    %d = nn.log_loss_logits_grad %p, %targets, %dl : tensor<2x4x32xf32>, tensor<2x4xi32>, tensor<f32>
    ```
  }];
  let arguments = (ins NN_Activation:$p, NN_Tokens:$targets, NN_Scalar:$dloss);
  let results = (outs NN_Activation:$dlogits);
  let assemblyFormat = [{
    $p `,` $targets `,` $dloss attr-dict `:` type($p) `,` type($targets) `,`
    type($dloss)
  }];
}
def NN_TargetWeightsOp : NN_HostOp<"target_weights"> {
  let summary = "`y = dloss / tokens * one_hot(targets)`";
  let description = [{
    How much each class of each token counts in the gradient of a loss.

    ```mlir
    %y = nn.target_weights %targets, %dl : tensor<2x4xi32>, tensor<f32> -> tensor<2x4x32xf32>
    ```
  }];
  let arguments = (ins NN_Tokens:$targets, NN_Scalar:$dloss);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = [{
    $targets `,` $dloss attr-dict `:` type($targets) `,` type($dloss) `->`
    type($y)
  }];
}
def NN_WeightedLogLossGradOp : NN_DeviceOp<"weighted_log_loss_grad",
    [AllTypesMatch<["p", "weights", "dlogits"]>]> {
  let summary = "`dlogits = p * sum_v(weights) - weights`";
  let description = [{
    The gradient of `-sum(weights * log(p))` in the logits that p is the softmax
    of: with `nn.target_weights` that of `nn.log_loss`, for the device.

    ```mlir
    %d = nn.weighted_log_loss_grad %p, %w : tensor<2x4x32xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$p, NN_Activation:$weights);
  let results = (outs NN_Activation:$dlogits);
  let assemblyFormat = "$p `,` $weights attr-dict `:` type($p)";
}

def NN_LogProbabilityOp : NN_HostOp<"log_probability",
    [SameOperandsAndResultType]> {
  let summary = "log of each probability; -65504 for 0";
  let description = [{
    Logits again, up to a number for each token, of which the device took the
    softmax. What fp16 rounded to 0 has no logarithm; it gets the lowest number
    of fp16, as masks do, so that nothing samples it.

    ```mlir
    %y = nn.log_probability %p : tensor<2x4x32xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$p);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$p attr-dict `:` type($p)";
}

def NN_PeakLogLossOp : NN_HostOp<"peak_log_loss",
    [AllTypesMatch<["top", "peak"]>]> {
  let summary = "mean over tokens of `top - log(peak) - x * weight[target]`";
  let description = [{
    `nn.cross_entropy` of the logits x * transpose(weight), whose largest is
    `top`, given the largest of their probabilities, `peak`: the device keeps
    logits and probabilities, and the host needs a number of each for a token.

    - (C1) `shape(top) = shape(peak) = [batch, sequence, 1]`.

    ```mlir
    %l = nn.peak_log_loss %x, %w, %targets, %top, %peak : tensor<2x4x8xf32>, tensor<32x8xf32>, tensor<2x4xi32>, tensor<2x4x1xf32> -> tensor<f32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Matrix:$weight, NN_Tokens:$targets,
                       NN_Activation:$top, NN_Activation:$peak);
  let results = (outs NN_Scalar:$loss);
  let assemblyFormat = [{
    $x `,` $weight `,` $targets `,` $top `,` $peak attr-dict `:` type($x) `,`
    type($weight) `,` type($targets) `,` type($top) `->` type($loss)
  }];
  let hasVerifier = 1;
}
def NN_TokenWeightsOp : NN_HostOp<"token_weights", []> {
  let summary = "`y[b,s,0] = dloss / tokens`";
  let description = [{
    What the gradient of each token of a mean is multiplied by.

    - (C1) `y` has one feature.

    ```mlir
    %y = nn.token_weights %dl : tensor<f32> -> tensor<2x4x1xf32>
    ```
  }];
  let arguments = (ins NN_Scalar:$dloss);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = "$dloss attr-dict `:` type($dloss) `->` type($y)";
  let hasVerifier = 1;
}

def NN_MseOp : NN_HostOp<"mse",
    [NN_Loss, NN_Differentiable, InferTypeOpAdaptor,
     AllTypesMatch<["x", "target"]>]> {
  let summary = "mean over all elements of `(x - target)^2`";
  let description = [{
    ```mlir
    %l = nn.mse %y, %t : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Activation:$target);
  let results = (outs NN_Scalar:$loss);
  let assemblyFormat = "$x `,` $target attr-dict `:` type($x) `,` type($target)";
}
def NN_MseGradOp : NN_HostOp<"mse_grad",
    [AllTypesMatch<["x", "target", "dx"]>]> {
  let summary = "`dx = dloss * 2 / elements * (x - target)`";
  let description = [{
    ```mlir
    %dx = nn.mse_grad %y, %t, %dl : tensor<2x4x8xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins NN_Activation:$x, NN_Activation:$target,
                       NN_Scalar:$dloss);
  let results = (outs NN_Activation:$dx);
  let assemblyFormat =
      "$x `,` $target `,` $dloss attr-dict `:` type($x) `,` type($dloss)";
}

def NN_LossScaleOp : NN_HostOp<"loss_scale"> {
  let summary = "gradient of the objective with respect to the loss";
  let description = [{
    What the trainer multiplies the loss by, so that small gradients survive
    fp16; it divides the sums by it again.

    ```mlir
    %dl = nn.loss_scale : tensor<f32>
    ```
  }];
  let results = (outs NN_Scalar:$scale);
  let assemblyFormat = "attr-dict `:` type($scale)";
}

def NN_OverflowWitnessOp : NN_DeviceOp<"overflow_witness"> {
  let summary = "for each token the largest magnitude of some values";
  let description = [{
    What a kernel returns of its products so that an overflow inside it can be
    seen: the device turns inf - inf into 0, so outputs alone hide it. Of
    scores, token s is column s; matrices, which are sums over tokens, count for
    every token. Where a target has no maximum, a norm that is at least that, and
    tokens may be rows: the largest of all is what counts.

    - (C1) `shape(y) = [batch, sequence, 1]`; values are activations of this
      batch and sequence, scores [batch, heads, sequence, sequence], or matrices.

    ```mlir
    %y = nn.overflow_witness(%a, %s) : (tensor<2x4x8xf32>, tensor<2x3x4x4xf32>) -> tensor<2x4x1xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyTypeOf<[NN_Activation, NN_Scores,
                                           NN_Matrix]>>:$values);
  let results = (outs NN_Activation:$y);
  let assemblyFormat = [{
    `(` $values `)` attr-dict `:` functional-type($values, $y)
  }];
  let hasVerifier = 1;
}
def NN_MaxMagnitudeOp : NN_HostOp<"max_magnitude"> {
  let summary = "the largest magnitude of an activation; infinity for NaN";
  let description = [{
    ```mlir
    %m = nn.max_magnitude %y : tensor<2x4x32xf32> -> tensor<f32>
    ```
  }];
  let arguments = (ins NN_Activation:$x);
  let results = (outs NN_Scalar:$y);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($y)";
}

#endif // ANEC_DIALECT_NN_LOSS
