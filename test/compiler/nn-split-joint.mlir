// RUN: anec-opt %s -nn-split-joint | FileCheck %s
// RUN: anec-opt %s -nn-split-joint=recompute=full | FileCheck %s --check-prefix=FULL
// RUN: anec-opt %s -nn-split-joint=target=m4 | FileCheck %s --check-prefix=M4

// y = x + w2 * silu(w1 * x). The silu is computed again on each side that needs
// it from the kept product, which is never computed twice unless asked for.
!x = tensor<2x4x8xf32>
!h = tensor<2x4x32xf32>
!w1 = tensor<32x8xf32>
!w2 = tensor<8x32xf32>
nn.model @model {
  nn.func private @layer(%x: !x, %w1: !w1 {nn.parameter = @w1}, %w2: !w2 {nn.parameter = @w2}) -> !x {
    nn.return %x : !x
  }
  nn.func private @layer_joint(%x: !x, %w1: !w1 {nn.parameter = @"l.*.w1"}, %w2: !w2 {nn.parameter = @"l.*.w2"}, %dy: !x) -> (!x, !x, !w1, !w2)
      attributes {primal_inputs = 3 : i64, primal_results = 1 : i64, differentiated = array<i64: 0, 1, 2>} {
    %h = nn.linear %x, %w1 {nn.place = "device"} : !x, !w1
    %s = nn.silu %h {nn.place = "device"} : !h
    %f = nn.linear %s, %w2 {nn.place = "device"} : !h, !w2
    %y = nn.add %x, %f {nn.place = "device"} : !x, !x
    %ds = nn.matmul %dy, %w2 {nn.place = "device"} : !x, !w2
    %dh = nn.mul %ds, %h {nn.place = "device"} : !h, !h
    %dx = nn.matmul %dh, %w1 {nn.place = "device"} : !h, !w1
    %dw1 = nn.matmul %dh, %x transpose_a {nn.place = "host"} : !h, !x
    %dw2 = nn.matmul %dy, %s transpose_a {nn.place = "host"} : !x, !h
    nn.return %y, %dx, %dw1, %dw2 : !x, !x, !w1, !w2
  }
  // CHECK-LABEL: nn.func private @layer_fwd(
  // CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<2x4x8xf32>
  // CHECK: %[[H:.*]] = nn.linear %[[X]]
  // CHECK: %[[Y:.*]] = nn.add %[[X]]
  // CHECK: nn.return %[[Y]], %[[X]], %[[H]]
  // CHECK-LABEL: nn.func private @layer_bwd(
  // CHECK-SAME: %[[DY:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[X:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[H:[a-z0-9]*]]: tensor<2x4x32xf32>
  // CHECK-SAME: {nn.parameter = @"l.*.w2"}
  // CHECK-NOT: nn.linear
  // CHECK: nn.mul %{{.*}}, %[[H]] {nn.place = "device"}
  // CHECK: %[[S:.*]] = nn.silu %[[H]] {nn.place = "host"}
  // CHECK: nn.matmul %[[DY]], %[[S]] transpose_a
  // CHECK-LABEL: nn.func @train_step
  // CHECK: %[[F:.*]]:3 = nn.scan @layer_fwd, 2 carry(%{{.*}}) each(%[[W1:.*]], %[[W2:.*]]) :
  // CHECK: nn.scan @layer_bwd, 2 reverse carry(%[[F]]#0) each(%[[F]]#1, %[[F]]#2, %[[W2]], %[[W1]])
  nn.func @train_step(%x: !x, %w1: !nn.stack<2 x !w1>, %w2: !nn.stack<2 x !w2>) -> (!x, !nn.stack<2 x !w1>, !nn.stack<2 x !w2>) {
    %y, %tape = nn.scan_forward @layer_joint, 2 carry(%x) each(%w1, %w2) : (!x, !nn.stack<2 x !w1>, !nn.stack<2 x !w2>) -> (!x, !nn.tape)
    %dx, %dw1, %dw2 = nn.scan_backward @layer_joint, 2 tape(%tape) carry(%y) : (!x) -> (!x, !nn.stack<2 x !w1>, !nn.stack<2 x !w2>)
    nn.return %dx, %dw1, %dw2 : !x, !nn.stack<2 x !w1>, !nn.stack<2 x !w2>
  }
  // Evaluation uses the same forward.
  // CHECK-LABEL: nn.func @eval_loss
  // CHECK: nn.scan @layer_fwd, 2
  nn.func @eval_loss(%x: !x, %w1: !nn.stack<2 x !w1>, %w2: !nn.stack<2 x !w2>) -> !x {
    %y = nn.scan @layer, 2 carry(%x) each(%w1, %w2) : (!x, !nn.stack<2 x !w1>, !nn.stack<2 x !w2>) -> !x
    nn.return %y : !x
  }
}
// FULL-LABEL: nn.func private @layer_fwd(
// FULL-SAME: %[[X:[a-z0-9]*]]: tensor<2x4x8xf32>
// FULL: nn.return %{{.*}}, %[[X]] : tensor<2x4x8xf32>, tensor<2x4x8xf32>
// FULL-LABEL: nn.func private @layer_bwd(
// FULL: nn.linear {{.*}}nn.place = "device"

// What only a weight gradient reads: with one input surface the host carries h
// and g to the backward kernel anyway and multiplies them itself; otherwise it
// would read both for it, so the device multiplies and the host reads one.
nn.model @gated {
  nn.func private @layer(%x: !x, %w1: !w1 {nn.parameter = @w1}, %w2: !w2 {nn.parameter = @w2}) -> !x {
    nn.return %x : !x
  }
  nn.func private @layer_joint(%x: !x, %w1: !w1 {nn.parameter = @"l.*.w1"}, %w3: !w1 {nn.parameter = @"l.*.w3"}, %w2: !w2 {nn.parameter = @"l.*.w2"}, %dy: !x) -> (!x, !x, !w2)
      attributes {primal_inputs = 4 : i64, primal_results = 1 : i64, differentiated = array<i64: 0, 3>} {
    %h = nn.linear %x, %w1 {nn.place = "device"} : !x, !w1
    %g = nn.linear %x, %w3 {nn.place = "device"} : !x, !w1
    %s = nn.mul %h, %g {nn.place = "device"} : !h, !h
    %y = nn.linear %s, %w2 {nn.place = "device"} : !h, !w2
    %ds = nn.matmul %dy, %w2 {nn.place = "device"} : !x, !w2
    %dh = nn.mul %ds, %g {nn.place = "device"} : !h, !h
    %dg = nn.mul %ds, %h {nn.place = "device"} : !h, !h
    %d = nn.add %dh, %dg {nn.place = "device"} : !h, !h
    %dx = nn.matmul %d, %w1 {nn.place = "device"} : !h, !w1
    %dw2 = nn.matmul %dy, %s transpose_a {nn.place = "host"} : !x, !h
    nn.return %y, %dx, %dw2 : !x, !x, !w2
  }
  nn.func @train_step(%x: !x, %w1: !nn.stack<2 x !w1>, %w3: !nn.stack<2 x !w1>, %w2: !nn.stack<2 x !w2>) -> (!x, !nn.stack<2 x !w2>) {
    %y, %tape = nn.scan_forward @layer_joint, 2 carry(%x) each(%w1, %w3, %w2) : (!x, !nn.stack<2 x !w1>, !nn.stack<2 x !w1>, !nn.stack<2 x !w2>) -> (!x, !nn.tape)
    %dx, %dw2 = nn.scan_backward @layer_joint, 2 tape(%tape) carry(%y) : (!x) -> (!x, !nn.stack<2 x !w2>)
    nn.return %dx, %dw2 : !x, !nn.stack<2 x !w2>
  }
}
// CHECK-LABEL: nn.model @gated
// CHECK-LABEL: nn.func private @layer_bwd
// CHECK: nn.mul {{.*}}nn.place = "host"
// CHECK-NEXT: nn.matmul {{.*}} transpose_a
// M4-LABEL: nn.model @gated
// M4-LABEL: nn.func private @layer_bwd
// M4-SAME: %[[DY:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[H:[a-z0-9]*]]: tensor<2x4x32xf32>, %[[G:[a-z0-9]*]]: tensor<2x4x32xf32>
// M4: %[[S:.*]] = nn.mul %[[H]], %[[G]] {nn.place = "device"}
// M4-NEXT: nn.matmul %{{.*}}, %[[S]] transpose_a
