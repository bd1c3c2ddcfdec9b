// RUN: anec %models/tiny-llama-gqa.ir --emit=bundle --print-ir-after=plan-build | FileCheck %s
// RUN: anec %models/tiny-llama-gqa.ir --weights=baked --print-ir-after=plan-build | FileCheck %s --check-prefix=BAKED

// Parameters that only meet tokens shrink with the vocabulary.
// CHECK: nn.parameter @tok_embeddings.weight {{.*}}vocabulary_rows
// CHECK: plan.module attributes {active_rows = 0 : i64, batch = 4 : i64, compactable = true, {{.*}}sequence = 128 : i64, {{.*}}vocabulary = 288 : i64
// CHECK: plan.surface "layer_fwd.in" {{.*}}count = 4
// CHECK: row_order = array<i64:
// Results that the backward taps have a surface for each layer; its own do not.
// CHECK: plan.surface "layer_fwd.out" {{.*}}count = 4
// CHECK: plan.surface "layer_bwd.out" {{.*}}count = 1

// CHECK: plan.program "train_step"
// CHECK: plan.host "embedding" [#plan.value<buffer "tokens">, #plan.value<parameter "tok_embeddings.weight">] to [#plan.value<buffer "[[X:h[0-9]+]]">]
// CHECK: plan.for 4
// CHECK-NEXT: plan.write <buffer "[[X]]"> to <"layer_fwd.in"[i] "arg0">
// CHECK-NEXT: plan.dispatch "layer_fwd" [#plan.surface<"layer_fwd.in"[i]>] to [#plan.surface<"layer_fwd.out"[i]>]
// The backward takes this from the host, which has it: no surface is read back.
// CHECK-NEXT: plan.host "scale" [#plan.value<buffer "[[X]]">] to [#plan.value<buffer "[[KEPT:h[0-9]+]]"[i]>]
// CHECK-NEXT: plan.read <"layer_fwd.out"[i] "result7"> to <buffer "[[X]]">
// CHECK: plan.host "matmul" {{.*}} to [#plan.value<gradient "tok_embeddings.weight">] {transpose_a = true}
// CHECK: plan.for 4 reverse
// CHECK: plan.copy <"layer_fwd.out"[i] "result5"> to <"layer_bwd.in"[i] "arg1">
// CHECK: plan.write <buffer "[[KEPT]]"[i]> to <"layer_bwd.in"[i] "arg7">
// CHECK: plan.dispatch "layer_bwd" [#plan.surface<"layer_bwd.in"[i]>] to [#plan.surface<"layer_bwd.out">]
// CHECK: plan.host "matmul" {{.*}} to [#plan.value<gradient "layers.*.feed_forward.w3.weight"[i]>]
// CHECK: plan.host "embedding_grad" {{.*}} to [#plan.value<gradient "tok_embeddings.weight">]
// CHECK: plan.program "logits"
// CHECK: plan.program "finish_gradients"
// CHECK: plan.for 4
// CHECK: plan.host "derive_gain_grad" [#plan.value<parameter "layers.*.attention.wq.weight"[i]>, #plan.value<parameter "layers.*.attention_norm.weight"[i]>] to [#plan.value<gradient "layers.*.attention.wq.weight"[i]>, #plan.value<gradient "layers.*.attention_norm.weight"[i]>]
// CHECK: plan.program "stage"
// CHECK: plan.for 4
// CHECK-NEXT: plan.stage <parameter "layers.*.attention_norm.weight"[i]> to <"layer_fwd.in"[i] "layers.*.attention_norm.weight">

// Baked weights are compiled in, once for each layer, and loaded again.
// BAKED: plan.kernel "layer_fwd" {baked = [{{.*}}instances = 4
// The only input is a surface of its own, which is not the kernel's.
// BAKED: plan.dispatch "layer_fwd" [#plan.surface<"s{{[0-9]+}}"[i]>] to [#plan.surface<"layer_fwd.out"[i]>] {loop_instance}
// BAKED: plan.program "stage"
// BAKED: plan.load "layer_fwd" {loop}
