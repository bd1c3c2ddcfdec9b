// RUN: anec-opt %s -nn-accumulate-in-place=target=m4 | FileCheck %s
// Where a surface may not be input and output the host adds up.
// RUN: anec-opt %s -nn-accumulate-in-place=target=strict | FileCheck %s --check-prefix=HOST
// RUN: echo '{"name": "own", "base": "m4", "rules": {"io-in-place": {"level": "refuse"}}}' > %t.json
// RUN: anec-opt %s -nn-accumulate-in-place=target=%t.json | FileCheck %s --check-prefix=HOST
// Or where the kernel has as many inputs as there may be.
// RUN: echo '{"name": "few", "base": "m4", "rules": {"io-slots-max": 2}}' > %t.few.json
// RUN: anec-opt %s -nn-accumulate-in-place=target=%t.few.json | FileCheck %s --check-prefix=FEW

// HOST-NOT: in_place
// HOST-NOT: accumulate_step
// FEW-NOT: in_place

!x = tensor<1x4x8xf32>
!w = tensor<8x8xf32>
!g = tensor<8xf32>
nn.model @m {
  nn.parameter @"layers.*.w" : !w {count = 3 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @"layers.*.v" : !w {count = 3 : i64, init = #nn.init<ones>, trainable = true}
  nn.parameter @last : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}

  // The kernel of the first micro-step is as it was; the other one adds to what
  // lies as its result does.
  // CHECK-LABEL: @layer_bwd_kernel(
  // CHECK-SAME:    -> (tensor<1x4x8xf32>, tensor<8x8xf32> {nn.row_order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>}, tensor<8x8xf32>)
  // CHECK-NOT:     nn.add
  // CHECK-LABEL: @layer_bwd_add_kernel(
  // CHECK-SAME:    %[[SUM:[a-z0-9]+]]: tensor<8x8xf32> {nn.row_order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>, nn.sum_of = 1 : i64})
  // CHECK:         %[[DW:.*]] = nn.matmul %{{.*}} transpose_a
  // CHECK:         %[[NEW:.*]] = nn.add %[[SUM]], %[[DW]]
  // CHECK:         nn.return %{{.*}}, %[[NEW]], %[[DW]]
  nn.func private @layer_bwd_kernel(%dy: !x, %tap: !x) -> (!x, !w {nn.row_order = array<i64: 1, 0, 2, 3, 4, 5, 6, 7>}, !w) attributes {kernel} {
    %dx = nn.mul %dy, %tap : !x, !x
    %dw = nn.matmul %dy, %tap transpose_a : !x, !x
    nn.return %dx, %dw, %dw : !x, !w, !w
  }
  // CHECK-LABEL: @last_kernel(
  // CHECK-LABEL: @last_add_kernel(
  nn.func private @last_kernel(%dy: !x, %tap: !x) -> !w attributes {kernel} {
    %dw = nn.matmul %dy, %tap transpose_a : !x, !x
    nn.return %dw : !w
  }

  // What the host reads is no sum that stays: here the square of dv.
  // CHECK-LABEL: @layer_bwd(
  // CHECK-LABEL: @layer_bwd_add(
  // CHECK-SAME:    %[[S:[a-z0-9]+]]: tensor<8x8xf32>)
  // CHECK:         nn.dispatch @layer_bwd_add_kernel(%{{.*}}, %{{.*}}, %[[S]])
  nn.func private @layer_bwd(%dy: !x, %tap: !x) -> (!x, !w, !w) {
    %r:3 = nn.dispatch @layer_bwd_kernel(%dy, %tap) : (!x, !x) -> (!x, !w, !w)
    %dv = nn.mul %r#2, %r#2 : !w, !w
    nn.return %r#0, %r#1, %dv : !x, !w, !w
  }

  // CHECK-LABEL: @train_step
  // CHECK:         nn.dispatch @last_kernel
  // CHECK:         nn.accumulate @last, %{{.*}} in_place
  // CHECK:         nn.scan @layer_bwd, 3
  // CHECK:         nn.accumulate @"layers.*.w", %{{.*}} in_place
  // CHECK:         nn.accumulate @"layers.*.v", %{{[^ ]*}} :
  // CHECK-LABEL: @accumulate_step
  // CHECK:         %[[L:.*]] = nn.accumulated @last : tensor<8x8xf32>
  // CHECK:         nn.dispatch @last_add_kernel(%{{.*}}, %{{.*}}, %[[L]])
  // CHECK:         nn.accumulate @last, %{{.*}} in_place
  // CHECK:         %[[W:.*]] = nn.accumulated @"layers.*.w" : !nn.stack<3 x tensor<8x8xf32>>
  // CHECK:         nn.scan @layer_bwd_add, 3 reverse carry(%{{.*}}) each(%{{.*}}, %[[W]])
  // CHECK:         nn.accumulate @"layers.*.w", %{{.*}} in_place
  // CHECK:         nn.accumulate @"layers.*.v", %{{[^ ]*}} :
  nn.func @train_step(%x: !x {nn.role = "data"}, %t: !x {nn.role = "targets"},
                      %taps: !nn.stack<3 x !x>) -> tensor<f32> {
    %l = nn.mse %x, %t : !x, !x
    %one = nn.loss_scale : tensor<f32>
    %dy = nn.mse_grad %x, %t, %one : !x, tensor<f32>
    %dlast = nn.dispatch @last_kernel(%dy, %x) : (!x, !x) -> !w
    nn.accumulate @last, %dlast : !w
    %dx, %dws, %dvs = nn.scan @layer_bwd, 3 reverse carry(%dy) each(%taps)
      : (!x, !nn.stack<3 x !x>) -> (!x, !nn.stack<3 x !w>, !nn.stack<3 x !w>)
    nn.accumulate @"layers.*.w", %dws : !nn.stack<3 x !w>
    nn.accumulate @"layers.*.v", %dvs : !nn.stack<3 x !w>
    nn.return %l : tensor<f32>
  }
}
