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
    "device" or "host". Embeddings, losses, and, unless `offload` names `dw`,
    weight gradients with what only they need are host work; so is a group of
    device ops without a contraction, which is not worth a dispatch. `offload` is `auto`, or a list of names to
    add, or to take away with a leading '-'. A cross entropy whose softmax is
    asked for (`classifier-softmax`) becomes `nn.softmax` on the device and
    `nn.log_loss` on the host; with the classifier on the device, its gradient
    becomes `nn.weighted_log_loss_grad` for products there, and `@logits` ends
    in `nn.log_probability`; with the weight gradient there too, logits and
    probabilities are read by the device only (SplitLosses.h). A target without
    powers gets no norms. `optimizer` needs `dw`, and becomes the attribute
    `optimizer_on_device` of the model.
  }];
  let options = [
    Option<"offload", "offload", "std::string", /*default=*/"\"auto\"",
           "auto, none, or a list of classifier, final-norm, norm, ...">,
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "profile of the device">];
}

def NNDeriveGainsPass : Pass<"nn-derive-gains", "::anec::nn::ModelOp"> {
  let summary = "Derive gradients of gains from those of weights";
  let description = [{
    Requires: placed joint blocks. Ensures: where all that reads an RMSNorm are
    products with weights whose gradients the host computes, and the device the
    gradient of the norm's result, the gradient of its gain is gone: with
    dW = dy^T (g * n), dg[j] = sum_i dW[i,j] W[i,j] / g[j], so the host need not
    read it from the device. The model's attribute `derived_gains` lists weights
    and gains; plan-build makes of it the program `finish_gradients`, which runs
    once an update. Weights are trained with `nn.rms_norm_nonzero`, whose
    gradient that program clears where a gain is 0.

    ```mlir
    %dw = nn.matmul %dy, %n transpose_a : ...
    %dg = nn.rms_norm_gain_grad %x, %dn {eps = 1.0e-5} : ...
    nn.return ..., %dw, %dg
    // becomes
    %f = nn.rms_norm_nonzero %x, %g {eps = 1.0e-5} : ...
    %dw = nn.matmul %dy, %f transpose_a : ...
    nn.return ..., %dw
    ```
  }];
}

def NNSplitJointPass : Pass<"nn-split-joint", "::anec::nn::ModelOp"> {
  let summary = "Cut joint blocks into forward, backward and taps";
  let description = [{
    Requires: placed joint blocks. Ensures: no joint block is left; `@block_fwd`
    returns its carries and taps, `@block_bwd` takes gradients and taps. What
    crosses is a minimum cut over bytes: cheap ops are computed again where that
    moves less, contractions never (`recompute=auto` and `cheap`), or always
    (`full`). What the host's part of the backward needs is computed again by
    the host or read from the device, whichever moves less on `target`.
  }];
  let options = [
    Option<"recompute", "recompute", "std::string", /*default=*/"\"auto\"",
           "auto, cheap or full">,
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "name of the profile">];
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
    %qs = nn.scale %q ...
    %s = nn.head_scores %qs, %k ...
    %m = nn.causal_mask ...
    %p = nn.softmax of %s + %m
    %o = nn.head_mix %p, %v ...
    ```
  }];
}

def ANEPartitionPass : Pass<"ane-partition", "::anec::nn::ModelOp"> {
  let summary = "Fuse device ops into kernels";
  let description = [{
    Requires: placed ops. Ensures: device ops stand only in functions with the
    attribute `kernel`, called by `nn.dispatch`; as few as the host ops between
    them and the target's limits allow, or more where the bytes saved are worth
    a dispatch. What exceeds a limit and cannot be cut is an error that names the
    smallest such group. A kernel that another one makes superfluous is that one.
    Parameters are kernel arguments that name their family. `weights` is the
    strategy, `weights-for` a list of GLOB=STRATEGY.
  }];
  let options = [
    Option<"weights", "weights", "std::string", /*default=*/"\"packed\"",
           "packed, param, baked or delta">,
    ListOption<"weightsFor", "weights-for", "std::string",
               "GLOB=STRATEGY for parameters whose name matches">,
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "name of the profile">];
}

def NNFoldGainsPass : Pass<"nn-fold-gains", "::anec::nn::ModelOp"> {
  let summary = "Stage weights times the gain of the norm that they read";
  let description = [{
    Requires: kernels. Ensures: where every reader of a gain in every kernel is
    an `nn.rms_norm` that only products with weights read, or an
    `nn.rms_norm_grad` of a sum of such products, and nothing else in a kernel
    reads these weights, the kernels have neither the gain nor a multiplication
    by it, and the weights carry it as `nn.column_scale`: what is staged is
    W diag(g), rounded once. A gain stays where a kernel needs its norm itself
    (a weight gradient on the device, a tap, another kernel), where blocks with
    gains of their own share a weight, and where the gain is trained and the
    weight is not, which would then be staged for nothing else. The host's side
    is as before.

    What is staged has to be in the range of fp16, as g * n had to be before:
    |W g| reaches 65504 later than |g n| where |W| is below |n|, which is at most
    the root of the number of features. A small gain brings |W g| below 6.1e-5,
    where digits are lost: with weights of deviation 0.02, products have an error
    of 2.9e-4 with any gain down to 0.01, as before, and of 3.7e-4 with 0.003. Where
    subnormal factors are flushed to 0 that would be 2.8e-3 with a gain of 0.1
    and 0.09 with 0.01, so gains stay on targets that say so (num-denormals).

    ```mlir
    nn.func private @k(%x: !x, %g: !g {nn.parameter = @g}, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
      %n = nn.rms_norm %x, %g {eps = 1.0e-5} : !x, !g
      %y = nn.linear %n, %w : !x, !w
    // becomes
    nn.func private @k(%x: !x, %w: !w {nn.column_scale = @g, nn.parameter = @w}) -> !x attributes {kernel} {
      %n = nn.rms_norm %x {eps = 1.0e-5} : !x
      %y = nn.linear %n, %w : !x, !w
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "name of the profile">];
}

def NNGroupHeadsPass : Pass<"nn-group-heads", "::anec::nn::ModelOp"> {
  let summary = "Move feature permutations into the order of staged data";
  let description = [{
    Requires: kernels. Ensures: an `nn.permute_features` is left in a kernel
    only where no weight, input or output can take it; these carry
    `nn.row_order` and `nn.column_order` for the others.
  }];
}

def NNWitnessPass : Pass<"nn-witness", "::anec::nn::ModelOp"> {
  let summary = "Let backward kernels return the largest magnitude they met";
  let description = [{
    Requires: kernels. Ensures: a kernel with products that depend on the loss
    scale returns an `nn.overflow_witness` of them as its last result, and
    `@train_step`, after the loss, the largest magnitude of each dispatch.

    ```mlir
    %dx, %w = nn.dispatch @layer_bwd_kernel(%dy, ...) : ...
    %m = nn.max_magnitude %w : tensor<1x256x32xf32> -> tensor<f32>
    ```
  }];
}

def NNAccumulateInPlacePass
    : Pass<"nn-accumulate-in-place", "::anec::nn::ModelOp"> {
  let summary = "Let kernels add weight gradients to those of earlier micro-steps";
  let description = [{
    Requires: kernels as they will be. Ensures, where `target` takes a surface as
    input and output of one dispatch (io-in-place): a gradient that a kernel
    returns for nothing but `nn.accumulate` stays on the device until the update
    ends. `@train_step` is then the first micro-step of an update, whose kernels
    set the sums, and `@accumulate_step` every other one, whose kernels are the
    same but for an addition. No sum is ever cleared or multiplied by 0, so
    nothing that overflowed in one update reaches the next; a sum that does so is
    infinite until the host reads it, and what is added is in the witness of its
    kernel. Elsewhere nothing changes, and the host adds up what the device
    returns.

    ```mlir
    %dx, %dw = nn.dispatch @layer_bwd_kernel(%dy, %x) : ...
    nn.accumulate @"wq.weight", %dw : tensor<8x8xf32>
    // becomes, in @accumulate_step
    %sum = nn.accumulated @"wq.weight" : tensor<8x8xf32>
    %dx, %dw = nn.dispatch @layer_bwd_add_kernel(%dy, %x, %sum) : ...
    nn.accumulate @"wq.weight", %dw in_place : tensor<8x8xf32>
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "name of the profile">];
}

def NNOffloadOptimizerPass
    : Pass<"nn-offload-optimizer", "::anec::nn::ModelOp"> {
  let summary = "Update weights by kernels of the device";
  let description = [{
    Requires: gradients that stay on the device (nn-accumulate-in-place).
    Ensures, where the model has the attribute `optimizer_on_device`
    (--offload=optimizer): for every matrix whose gradient stays, in one piece,
    and whose kernels all take it as an input of its own, in the gradient's
    order, there are a kernel `nn.adamw` and a kernel `nn.row_squares` of its
    shape, and the model's attribute `device_parameters` lists them; kernels take
    such a matrix as it lies as a result (nn.as_result). The host trains what is
    left. A target that takes no surface as input and output of one dispatch, and
    a model without such a matrix, are errors.

    ```mlir
    nn.func private @update_64x32_kernel(%w: tensor<1x32x64xf32> {nn.as_result}, ...) attributes {kernel} {
      %w1, %r1, %m1, %v1 = nn.adamw %w, %r, %m, %v, %g, %f : ...
      nn.return %w1, %r1, %m1, %v1 : ...
    }
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "name of the profile">];
}

def PlanBuildPass : Pass<"plan-build", "::anec::nn::ModelOp"> {
  let summary = "Turn host functions into host programs over buffers and surfaces";
  let description = [{
    Requires: packed kernels and host functions that call them. Ensures: a
    `plan.module` behind the model with every buffer, surface, kernel and
    program; of the model, parameters and kernels are left. Scans become loops,
    weight gradients add to accumulators where they are computed, and the
    program `stage` puts parameters where kernels read them.

    ```mlir
    %y = nn.scan @layer_fwd, 2 carry(%x) each(%ws) : ...
    // becomes
    plan.for 2 {
      plan.write <buffer "h0"> to <"layer_fwd.in"[i] "arg0">
      plan.dispatch "layer_fwd" [#plan.surface<"layer_fwd.in"[i]>]
          to [#plan.surface<"layer_fwd.out"[i]>]
      plan.read <"layer_fwd.out" "result0"> to <buffer "h0">
    }
    ```
  }];
  let dependentDialects = ["::anec::plan::PlanDialect"];
  let options = [
    Option<"weights", "weights", "std::string", /*default=*/"\"packed\"",
           "strategy, for the record">,
    Option<"offload", "offload", "std::string", /*default=*/"\"auto\"",
           "offload set, for the record">,
    Option<"recompute", "recompute", "std::string", /*default=*/"\"auto\"",
           "recomputation, for the record">,
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "target, for the record">];
}

// Kernels

def ConvertNNToMILPass : Pass<"convert-nn-to-mil", "::anec::nn::ModelOp"> {
  let summary = "Rewrite every nn op of a kernel as the MIL operators that compute it";
  let description = [{
    Requires: kernels, functions with the attribute `kernel` whose inputs are
    activations and parameters. Ensures: each is a `mil.program` of the same
    name; an op that cannot be lowered is an error naming that op. Precision
    (f32 -> f16) and layout ([B,S,D] -> [1,D,1,B*S]) are the type converter's.

    ```mlir
    %y = nn.silu %x : tensor<1x16x8xf32>
    // becomes
    %gate = mil.sigmoid %x : tensor<1x8x1x16xf16>
    %y = mil.mul %x, %gate : tensor<1x8x1x16xf16>, tensor<1x8x1x16xf16>
    ```

    Where several forms compute the same, the target decides: see
    `proven-only`.
  }];
  let dependentDialects = ["::anec::mil::MILDialect"];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "strict, m1, m4, m5 or a file">];
}

def MatmulToConvPass : Pass<"matmul-to-conv", "::anec::mil::ProgramOp"> {
  let summary = "Use 1x1 convolution where the weight is baked";
  let description = [{
    Requires: arguments with `nn.weights = "baked"`. Ensures: none is left. Each
    is a constant without a value and an entry of the program's attribute
    `baked`: a matrix [1,1,O,I] the weight [O,I,1,1] of a convolution (transposed
    where the product transposed it), a vector [1,D,1,1] itself. A baked matrix
    used in another way than as the left side of a product with columns
    [1,1,I,T] is an error.

    ```mlir
    %c = mil.reshape %x, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    %m = mil.matmul %w, %c, transpose_x = false, transpose_y = false : ...
    %y = mil.reshape %m, shape = [1, 16, 1, 32] : tensor<1x1x16x32xf16>
    // becomes
    %k = mil.const in "weights/wq.bin" : tensor<16x8x1x1xf16>
    %y = mil.conv %x, %k, ... : tensor<1x8x1x32xf16>, tensor<16x8x1x1xf16>
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "profile of the device">];
}

def PackWeightsPass : Pass<"pack-weights", "::anec::mil::ProgramOp"> {
  let summary = "Put arguments and results into surfaces";
  let description = [{
    Requires: no baked argument. Ensures: every input and output is a surface
    [1,C,1,W]; `surfaces_in` and `surfaces_out` on the program give their sizes
    and say where each argument and result is. A target of one input gets all
    arguments in it, cut apart by slices, and all results in one output; another
    gets each activation, each weight of the strategy `param`, and all packed
    weights together, in a surface of its own. C is the height that wastes
    least; a matrix lies natural or transposed (its products turn their flag),
    taller activations are folded into blocks side by side. Sizes are not judged
    here; see verify-ane-target.

    ```mlir
    mil.func @main(%x: tensor<1x32x1x32xf16>, %w: tensor<1x1x32x32xf16>)
    // becomes
    mil.func @main(%in: tensor<1x32x1x64xf16>)
      %x = mil.slice_by_size %in, begin = [0, 0, 0, 0], size = [1, 32, 1, 32] : ...
      %s = mil.slice_by_size %in, begin = [0, 0, 0, 32], size = [1, 32, 1, 32] : ...
      %w = mil.reshape %s, shape = [1, 1, 32, 32] : ...
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "name of the profile">];
}

def MILCanonicalizePass : Pass<"mil-canonicalize", "::anec::mil::ProgramOp"> {
  let summary = "Remove operators that compute nothing new";
  let description = [{
    Requires: nothing. Ensures: no dead or repeated operator, no reshape, slice
    or transpose that changes nothing, no reshape of a reshape, slice of a slice
    or cast there and back, no concat of one value, no slice that is one value
    of a concat.

    ```mlir
    %a = mil.reshape %x, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    %b = mil.reshape %a, shape = [1, 2, 4, 32] : tensor<1x1x8x32xf16>
    // becomes
    %b = mil.reshape %x, shape = [1, 2, 4, 32] : tensor<1x8x1x32xf16>
    ```
  }];
}

def MILPadProductsPass : Pass<"mil-pad-products", "::anec::mil::ProgramOp"> {
  let summary = "Pad what products sum over, where the target wants multiples";
  let description = [{
    Requires: packed kernels. Ensures: where the target checks matmul-k32, no
    matmul sums over another number of elements than a multiple of it.

    ```mlir
    %p = mil.matmul %q, %k, transpose_x = true, transpose_y = false
      : tensor<1x4x8x32xf16>, tensor<1x4x8x32xf16>
    // becomes
    %z = mil.const dense<0.0> : tensor<1x4x24x32xf16> in "weights/zeros_4x24x32.bin"
    %a = mil.concat %q, %z, axis = 2, interleave = false : tensor<1x4x8x32xf16>, tensor<1x4x24x32xf16>
    %b = mil.concat %k, %z, axis = 2, interleave = false : tensor<1x4x8x32xf16>, tensor<1x4x24x32xf16>
    %p = mil.matmul %a, %b, transpose_x = true, transpose_y = false
      : tensor<1x4x32x32xf16>, tensor<1x4x32x32xf16>
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "profile of the device">];
}

def MILRemoveConcatPass : Pass<"mil-remove-concat", "::anec::mil::ProgramOp"> {
  let summary = "Join values without concat, where the target refuses it";
  let description = [{
    Requires: packed kernels. Ensures: where the target refuses op-concat, no
    concat is left; 1x1 convolutions with weights of zeros and ones put each
    part where it belongs, and sums join them.

    ```mlir
    %c = mil.concat %x, %y, axis = 1, interleave = false
      : tensor<1x1x1x32xf16>, tensor<1x1x1x32xf16>
    // becomes
    %u = mil.const dense<[[[[1.0]]], [[[0.0]]]]> : tensor<2x1x1x1xf16>
    %v = mil.const dense<[[[[0.0]]], [[[1.0]]]]> : tensor<2x1x1x1xf16>
    %c = mil.add (mil.conv %x, %u), (mil.conv %y, %v)
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "profile of the device">];
}

def MILLayoutPass : Pass<"mil-layout", "::anec::mil::ProgramOp"> {
  let summary = "Choose the form of each value that leaves the fewest reshapes";
  let description = [{
    Requires: nothing. Ensures: ops that compute the same on channels
    [1,C,1,T] and on a matrix [1,1,C,T] (element by element, slices, concats)
    have the form that makes the number of reshapes in the program smallest;
    each reshape is made once. Norms and products keep theirs; so do inputs and
    outputs, unless `target` takes surfaces of any shape [1, A, B, W]: the same
    memory, so that each kernel has its own view of what it shares.

    ```mlir
    %c = mil.reshape %m, shape = [1, 8, 1, 32] : tensor<1x1x8x32xf16>
    %s = mil.sigmoid %c : tensor<1x8x1x32xf16>
    %n = mil.reshape %s, shape = [1, 1, 8, 32] : tensor<1x8x1x32xf16>
    // becomes
    %n = mil.sigmoid %m : tensor<1x1x8x32xf16>
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "name of the profile">];
}

def VerifyANETargetPass : Pass<"verify-ane-target", "::anec::mil::ProgramOp"> {
  let summary = "Reject what the target is known to refuse";
  let description = [{
    Requires: packed kernels. Ensures: every rule of runtime/target that the
    profile selects holds; what breaks one is an error at the op in the model,
    with the rule, the number found and allowed, and the evidence.

    ```mlir
    // error: 'mil.conv' convolves 32000 input channels, at most 16384 [dim-16384]
    ```
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"strict\"",
           "name of the profile">];
}

#endif // ANEC_COMPILER_PASSES
