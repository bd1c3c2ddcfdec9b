// RUN: anec %models/tiny-llama.ir --target=m4 --weights=param --print-ir-after=plan-build | FileCheck %s
// RUN: anec %models/tiny-llama.ir --target=m4 --print-ir-after=plan-build | FileCheck %s --check-prefix=PACKED
// RUN: anec %models/tiny-llama.ir --target=m4 --offload=dw --print-ir-after=plan-build | FileCheck %s --check-prefix=SUMS
// RUN: anec %models/tiny-llama.ir --offload=dw --print-ir-after=plan-build | FileCheck %s --check-prefix=ADDED

// With several inputs and outputs nothing is copied between kernels: a layer
// leaves its result where the next one takes it, the backward binds the taps of
// the forward and the same weights, and the host writes the first input only.
// CHECK-NOT:  plan.surface "layers.*.attention_norm.weight"
// CHECK:      plan.surface "layers.*.attention.wq.weight" {{.*}}count = 4
// CHECK:      plan.program "train_step"
// CHECK:      plan.write <buffer "h0"> to <"[[X:s[0-9]+]]" "value">
// CHECK-NEXT: plan.for 4
// CHECK-NEXT: plan.dispatch "layer_fwd" [#plan.surface<"[[X]]"[i]>, #plan.surface<"layers.*.attention.wq.weight"[i]>, {{.*}}] to [#plan.surface<"[[Q:s[0-9]+]]"[i]>, {{.*}}, #plan.surface<"[[X]]"[i + 1]>]
// CHECK-NEXT: }
// CHECK-NEXT: plan.read <"[[X]]"[4] "value">
// CHECK:      plan.write <buffer "{{.*}}"> to <"[[DX:s[0-9]+]]"[4] "value">
// CHECK-NEXT: plan.for 4 reverse
// CHECK-NOT:  plan.copy
// CHECK:      plan.dispatch "layer_bwd" [#plan.surface<"[[DX]]"[i + 1]>, {{.*}}#plan.surface<"[[Q]]"[i]>, #plan.surface<"[[X]]"[i]>, {{.*}}#plan.surface<"layers.*.attention.wq.weight"[i]>{{.*}}] to [{{.*}}#plan.surface<"[[DX]]"[i]>, #plan.surface<"[[WITNESS:s[0-9]+]]">]
// CHECK:      plan.read <"[[WITNESS]]" "value"> to <buffer "[[W:h[0-9]+]]">
// CHECK-NEXT: plan.host "max_magnitude" [#plan.value<buffer "[[W]]">] to [#plan.value<buffer "h{{[0-9]+}}"[i]>]
// CHECK-NOT:  plan.copy
// CHECK:      plan.read <"[[DX]]" "value">

// Each weight is staged once, though two kernels read it, and times the gain of
// the norm that it reads.
// CHECK:      plan.program "stage"
// CHECK:      plan.stage <parameter "layers.*.attention.wq.weight"[i]> scaled by <parameter "layers.*.attention_norm.weight"[i]> to <"layers.*.attention.wq.weight"[i] "layers.*.attention.wq.weight">
// CHECK-NOT:  plan.stage <parameter "layers.*.attention.wq.weight"
// CHECK:      plan.stage <parameter "layers.*.attention.wo.weight"[i]> to

// PACKED-DAG: plan.dispatch "layer_fwd" [#plan.surface<"{{s[0-9]+}}"[i]>, #plan.surface<"layer_fwd.weights"[i]>]
// PACKED-DAG: plan.dispatch "layer_bwd" [{{.*}}, #plan.surface<"layer_fwd.weights"[i]>]
// PACKED:     plan.program "stage"
// PACKED:     plan.stage <parameter "layers.*.attention.wq.weight"[i]> scaled by <parameter "layers.*.attention_norm.weight"[i]> to <"layer_fwd.weights"[i]
// PACKED-NOT: plan.stage <parameter "layers.*.attention.wq.weight"

// Weight gradients stay on the device: the first micro-step writes them, the
// others read and write the same surfaces, and the host reads them once an
// update.
// SUMS:       plan.program "train_step"
// SUMS:       plan.dispatch "layer_bwd" [{{.*}}] to [{{.*}}#plan.surface<"[[WQ:layers\.\*\.attention\.wq\.weight\.gradient]]"[i]>
// SUMS-NOT:   plan.read <"[[WQ]]"
// SUMS:       plan.surface "[[WQ]]" {{.*}}count = 4
// SUMS:       plan.program "accumulate_step"
// SUMS:       plan.dispatch "layer_bwd_add" [{{.*}}#plan.surface<"[[WQ]]"[i]>{{.*}}] to [{{.*}}#plan.surface<"[[WQ]]"[i]>
// SUMS-NOT:   plan.read <"[[WQ]]"
// SUMS:       plan.program "finish_gradients"
// SUMS:       plan.for 4
// SUMS:       plan.read <"[[WQ]]"[i] "value"> to <buffer "[[H:h[0-9]+]]">
// SUMS-NEXT:  plan.host "scale" [#plan.value<buffer "[[H]]">] to [#plan.value<gradient "layers.*.attention.wq.weight"[i]>] {factor = 1.000000e+00

// A target of one output returns them to the host, which adds them.
// ADDED-NOT:  accumulate_step
// ADDED:      plan.dispatch "layer_bwd"
// ADDED:      plan.host "scale" {{.*}} to [#plan.value<gradient "layers.*.attention.wq.weight"[i]>]
