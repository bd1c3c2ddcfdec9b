// RUN: anec-opt %s -nn-witness | FileCheck %s

!x = tensor<1x4x8xf32>
!w = tensor<8x8xf32>
!s = tensor<1x2x4x4xf32>
nn.model @m {
  nn.parameter @w : !w {count = 1 : i64, init = #nn.init<ones>, trainable = true}

  // What the loss scale reaches only: not the product of the tap alone.
  // CHECK-LABEL: @layer_bwd_kernel(
  // CHECK-SAME:    -> (tensor<1x4x8xf32>, tensor<1x4x1xf32>)
  // CHECK:         %[[TAP:.*]] = nn.linear
  // CHECK:         %[[S:.*]] = nn.head_scores
  // CHECK:         %[[Y:.*]] = nn.matmul
  // CHECK:         %[[W:.*]] = nn.overflow_witness(%[[S]], %[[Y]])
  // CHECK:         nn.return %[[Y]], %[[W]]
  nn.func private @layer_bwd_kernel(%dy: !x, %tap: !x, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %q = nn.linear %tap, %w : !x, !w
    %s = nn.head_scores %q, %dy, heads = 2, kv_heads = 2 : !x, !x
    %d = nn.mul %dy, %tap : !x, !x
    %y = nn.matmul %d, %w : !x, !w
    nn.return %y : !x
  }

  // A gradient of a matrix joins the tokens that it sums over.
  // CHECK-LABEL: @gradient_kernel(
  // CHECK-SAME:    -> (tensor<8x8xf32>, tensor<1x4x8xf32>, tensor<1x4x1xf32>)
  // CHECK:         %[[DW:.*]] = nn.matmul %{{.*}} transpose_a
  // CHECK:         %[[DX:.*]] = nn.matmul
  // CHECK:         nn.overflow_witness(%[[DX]], %[[DW]]) : (tensor<1x4x8xf32>, tensor<8x8xf32>) -> tensor<1x4x1xf32>
  nn.func private @gradient_kernel(%dy: !x, %tap: !x, %w: !w {nn.parameter = @w}) -> (!w, !x) attributes {kernel} {
    %dw = nn.matmul %dy, %tap transpose_a : !x, !x
    %dx = nn.matmul %dy, %w : !x, !w
    nn.return %dw, %dx : !w, !x
  }

  // CHECK-LABEL: @layer_fwd_kernel(
  // CHECK-SAME:    -> tensor<1x4x8xf32>
  // CHECK-NOT:     overflow_witness
  nn.func private @layer_fwd_kernel(%x: !x, %w: !w {nn.parameter = @w}) -> !x attributes {kernel} {
    %y = nn.linear %x, %w : !x, !w
    nn.return %y : !x
  }

  // CHECK-LABEL: @layer_bwd(
  // CHECK-SAME:    -> (tensor<1x4x8xf32>, tensor<f32>)
  // CHECK:         %[[D:.*]]:2 = nn.dispatch @layer_bwd_kernel
  // CHECK:         %[[M:.*]] = nn.max_magnitude %[[D]]#1
  // CHECK:         nn.return %[[D]]#0, %[[M]]
  nn.func private @layer_bwd(%dy: !x, %x: !x, %w: !w {nn.parameter = @w}) -> !x {
    %dx = nn.dispatch @layer_bwd_kernel(%dy, %x, %w) : (!x, !x, !w) -> !x
    nn.return %dx : !x
  }

  // CHECK-LABEL: @train_step
  // CHECK-SAME:    -> (tensor<f32>, !nn.stack<3 x tensor<f32>>, tensor<f32>)
  // CHECK:         %[[DX:.*]]:2 = nn.scan @layer_bwd, 3 reverse
  // CHECK:         nn.return %{{.*}}, %[[DX]]#1, %{{.*}}
  nn.func @train_step(%x: !x {nn.role = "data"}, %t: !x {nn.role = "targets"},
                      %taps: !nn.stack<3 x !x>, %ws: !nn.stack<3 x !w>) -> tensor<f32> {
    %w = nn.get @w : !w
    %y = nn.dispatch @layer_fwd_kernel(%x, %w) : (!x, !w) -> !x
    %l = nn.mse %y, %t : !x, !x
    %one = nn.loss_scale : tensor<f32>
    %dy = nn.mse_grad %y, %t, %one : !x, tensor<f32>
    %more:2 = nn.dispatch @gradient_kernel(%dy, %x, %w) : (!x, !x, !w) -> (!w, !x)
    nn.accumulate @w, %more#0 : !w
    %dx = nn.scan @layer_bwd, 3 reverse carry(%dy) each(%taps, %ws)
      : (!x, !nn.stack<3 x !x>, !nn.stack<3 x !w>) -> !x
    nn.return %l : tensor<f32>
  }
}
