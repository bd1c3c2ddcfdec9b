//===- Passes.td - Every pass of the compiler --------------*- tablegen -*-===//
//
// In the order in which Pipelines.cpp runs them.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_PASSES
#define ANEC_COMPILER_PASSES

include "mlir/Pass/PassBase.td"

def NNLiftParamsPass : Pass<"nn-lift-params", "::anec::nn::ModelOp"> {
  let summary = "Turn parameters declared where used into arguments and symbols";
  let description = [{
    Requires: a model as written. Ensures: no `nn.param` and no `nn.repeat` is
    left; each tensor family is one `nn.parameter`, each block takes its
    parameters as arguments, and each repeat is an `nn.scan` over stacks. The
    same name with different shapes or initialisers, a block that contains
    itself, and a block nested in a repeated block are errors.

    ```mlir
    %y = nn.repeat @layer, 2 (%x) {name = "layers"} : tensor<2x4x8xf32>
    // becomes
    %ws = nn.get @"layers.*.wq.weight" : !nn.stack<2 x tensor<8x8xf32>>
    %y = nn.scan @layer, 2 carry(%x) each(%ws) : ...
    ```
  }];
}

def NNAutodiffPass : Pass<"nn-autodiff", "::anec::nn::ModelOp"> {
  let summary = "Derive the training step from the loss";
  let description = [{
    Requires: lifted parameters and one public function, the loss. Ensures:
    `@train_step` computes the loss and accumulates the gradient of every
    trainable parameter; `@eval_loss` is the loss as written and `@logits` what
    it compares with token targets. A scanned block gets a joint function with
    its forward and backward in one body; the scan becomes `nn.scan_forward`
    and `nn.scan_backward`. Nothing is built for values without a trainable
    parameter below them.

    ```mlir
    %y, %tape = nn.scan_forward @layer_joint, 2 carry(%x) each(%ws) : ...
    %dx, %dws = nn.scan_backward @layer_joint, 2 tape(%tape) carry(%dy) : ...
    nn.accumulate @"layers.*.wq.weight", %dws : ...
    ```
  }];
  let options = [
    Option<"breakRule", "break-rule", "std::string", /*default=*/"\"\"",
           "negate the gradients of this op, to show that checks catch it">];
}

def NNPlacePass : Pass<"nn-place", "::anec::nn::ModelOp"> {
  let summary = "Give every op to the device or to the host";
  let description = [{
    Requires: the training step. Ensures: each compute op has `nn.place`,
    "device" or "host". Embeddings, losses, and what only a weight gradient
    needs are host work; so is a group of device ops without a contraction,
    which is not worth a dispatch. `offload` is `auto`, or a list of names to
    add, or to take away with a leading '-'.
  }];
  let options = [
    Option<"offload", "offload", "std::string", /*default=*/"\"auto\"",
           "auto, none, or a list of classifier, final-norm, norm, norm-bwd">];
}

def NNSplitJointPass : Pass<"nn-split-joint", "::anec::nn::ModelOp"> {
  let summary = "Cut joint blocks into forward, backward and taps";
  let description = [{
    Requires: placed joint blocks. Ensures: no joint block is left; `@block_fwd`
    returns its carries and taps, `@block_bwd` takes gradients and taps. What
    crosses is a minimum cut over bytes: cheap ops are computed again where that
    moves less, contractions never (`recompute=auto` and `cheap`), or always
    (`full`).
  }];
  let options = [
    Option<"recompute", "recompute", "std::string", /*default=*/"\"auto\"",
           "auto, cheap or full">];
}

def NNSplitCausalMaskPass
    : Pass<"nn-split-causal-mask", "::anec::nn::ModelOp"> {
  let summary = "Split attention into scores, additive mask, softmax, values";
  let description = [{
    Requires: nothing. Ensures: no `nn.attention` and no `nn.attention_grad`.
    Grouped-query attention is rewritten to grouped head order between
    `nn.permute_features`.

    ```mlir
    %o = nn.attention %q, %k, %v {heads = 2 : i64, kv_heads = 2 : i64, causal} : ...
    // becomes
    %s = nn.head_scores %q, %k ...
    %m = nn.causal_mask ...
    %p = nn.softmax of %s * scale + %m
    %o = nn.head_mix %p, %v ...
    ```
  }];
}

def ANEPartitionPass : Pass<"ane-partition", "::anec::nn::ModelOp"> {
  let summary = "Fuse device ops into kernels";
  let description = [{
    Requires: placed ops. Ensures: device ops stand only in functions with the
    attribute `kernel`, called by `nn.dispatch`; as few as the host ops between
    them allow. Parameters are kernel arguments that name their family.
    `weights` is the strategy, `weights-for` a list of GLOB=STRATEGY.
  }];
  let options = [
    Option<"weights", "weights", "std::string", /*default=*/"\"packed\"",
           "packed or baked">,
    ListOption<"weightsFor", "weights-for", "std::string",
               "GLOB=STRATEGY for parameters whose name matches">];
}

def NNGroupHeadsPass : Pass<"nn-group-heads", "::anec::nn::ModelOp"> {
  let summary = "Move feature permutations into the order of staged data";
  let description = [{
    Requires: kernels. Ensures: no `nn.permute_features` is left in a kernel;
    weights, inputs and outputs of the kernel carry `nn.row_order` and
    `nn.column_order` instead.
  }];
}

// Kernels

#endif // ANEC_COMPILER_PASSES
