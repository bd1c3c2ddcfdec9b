// RUN: anec-opt %s -split-input-file -nn-derive-gains | FileCheck %s

// Two weights multiply one norm: the gradient of its gain follows from theirs.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK: nn.model @model attributes {derived_gains = [{gain = @"l.*.g", weight = @"l.*.w"}, {gain = @"l.*.g", weight = @"l.*.v"}]}
nn.model @model {
  // CHECK-LABEL: func private @layer_joint
  // CHECK-SAME: -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<8x8xf32>, tensor<8x8xf32>)
  // CHECK-SAME: differentiated = array<i64: 0, 2, 3>
  nn.func private @layer_joint(%x: !x, %g: !g {nn.parameter = @"l.*.g"}, %w: !w {nn.parameter = @"l.*.w"}, %v: !w {nn.parameter = @"l.*.v"}, %dy: !x) -> (!x, !x, !g, !w, !w)
      attributes {primal_inputs = 4 : i64, primal_results = 1 : i64, differentiated = array<i64: 0, 1, 2, 3>} {
    %n = nn.rms_norm %x, %g {eps = 1.0e-5, nn.place = "device"} : !x, !g
    %a = nn.linear %n, %w {nn.place = "device"} : !x, !w
    %b = nn.linear %n, %v {nn.place = "device"} : !x, !w
    %y = nn.mul %a, %b {nn.place = "device"} : !x, !x
    %da = nn.mul %dy, %b {nn.place = "device"} : !x, !x
    %db = nn.mul %dy, %a {nn.place = "device"} : !x, !x
    // CHECK: %[[F:.*]] = nn.rms_norm_nonzero {{.*}}nn.place = "host"
    // CHECK: %[[DW:.*]] = nn.matmul %{{.*}}, %[[F]] transpose_a
    // CHECK: %[[DV:.*]] = nn.matmul %{{.*}}, %[[F]] transpose_a
    %dw = nn.matmul %da, %n transpose_a {nn.place = "host"} : !x, !x
    %dv = nn.matmul %db, %n transpose_a {nn.place = "host"} : !x, !x
    %n1 = nn.matmul %da, %w {nn.place = "device"} : !x, !w
    %n2 = nn.matmul %db, %v {nn.place = "device"} : !x, !w
    %dn = nn.add %n1, %n2 {nn.place = "device"} : !x, !x
    // CHECK-NOT: nn.rms_norm_gain_grad
    %dg = nn.rms_norm_gain_grad %x, %dn {eps = 1.0e-5, nn.place = "host"} : !x
    %dx = nn.rms_norm_grad %x, %g, %dn {eps = 1.0e-5, nn.place = "device"} : !x, !g
    // CHECK: nn.return %{{.*}}, %{{.*}}, %[[DW]], %[[DV]]
    nn.return %y, %dx, %dg, %dw, %dv : !x, !x, !g, !w, !w
  }
  // CHECK-LABEL: @train_step
  // CHECK: %[[B:.*]]:3 = nn.scan_backward
  // CHECK-NEXT: nn.accumulate @"l.*.w", %[[B]]#1
  // CHECK-NEXT: nn.accumulate @"l.*.v", %[[B]]#2
  // CHECK-NEXT: nn.return %[[B]]#0
  nn.func @train_step(%x: !x, %g: !nn.stack<2 x !g>, %w: !nn.stack<2 x !w>, %v: !nn.stack<2 x !w>) -> !x {
    %y, %tape = nn.scan_forward @layer_joint, 2 carry(%x) each(%g, %w, %v) : (!x, !nn.stack<2 x !g>, !nn.stack<2 x !w>, !nn.stack<2 x !w>) -> (!x, !nn.tape)
    %dx, %dg, %dw, %dv = nn.scan_backward @layer_joint, 2 tape(%tape) carry(%y) : (!x) -> (!x, !nn.stack<2 x !g>, !nn.stack<2 x !w>, !nn.stack<2 x !w>)
    nn.accumulate @"l.*.g", %dg : !nn.stack<2 x !g>
    nn.accumulate @"l.*.w", %dw : !nn.stack<2 x !w>
    nn.accumulate @"l.*.v", %dv : !nn.stack<2 x !w>
    nn.return %dx : !x
  }
}

// -----

// The norm is read by something else, too: its gain's gradient is its own work.
!x = tensor<2x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
// CHECK: nn.model @other {
nn.model @other {
  // CHECK-LABEL: func private @layer_joint
  nn.func private @layer_joint(%x: !x, %g: !g {nn.parameter = @"l.*.g"}, %w: !w {nn.parameter = @"l.*.w"}, %dy: !x) -> (!x, !x, !g, !w)
      attributes {primal_inputs = 3 : i64, primal_results = 1 : i64, differentiated = array<i64: 0, 1, 2>} {
    %n = nn.rms_norm %x, %g {eps = 1.0e-5, nn.place = "device"} : !x, !g
    %a = nn.linear %n, %w {nn.place = "device"} : !x, !w
    %y = nn.add %a, %n {nn.place = "device"} : !x, !x
    %dw = nn.matmul %dy, %n transpose_a {nn.place = "host"} : !x, !x
    %n1 = nn.matmul %dy, %w {nn.place = "device"} : !x, !w
    %dn = nn.add %n1, %dy {nn.place = "device"} : !x, !x
    // CHECK: nn.rms_norm_gain_grad
    %dg = nn.rms_norm_gain_grad %x, %dn {eps = 1.0e-5, nn.place = "host"} : !x
    %dx = nn.rms_norm_grad %x, %g, %dn {eps = 1.0e-5, nn.place = "device"} : !x, !g
    nn.return %y, %dx, %dg, %dw : !x, !x, !g, !w
  }
  nn.func @train_step(%x: !x, %g: !nn.stack<2 x !g>, %w: !nn.stack<2 x !w>) -> !x {
    %y, %tape = nn.scan_forward @layer_joint, 2 carry(%x) each(%g, %w) : (!x, !nn.stack<2 x !g>, !nn.stack<2 x !w>) -> (!x, !nn.tape)
    %dx, %dg, %dw = nn.scan_backward @layer_joint, 2 tape(%tape) carry(%y) : (!x) -> (!x, !nn.stack<2 x !g>, !nn.stack<2 x !w>)
    nn.accumulate @"l.*.g", %dg : !nn.stack<2 x !g>
    nn.accumulate @"l.*.w", %dw : !nn.stack<2 x !w>
    nn.return %dx : !x
  }
}
