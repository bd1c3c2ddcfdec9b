// RUN: anec-opt %s -split-input-file -nn-autodiff | FileCheck %s
// RUN: anec-opt %s -split-input-file -nn-autodiff=break-rule=linear | FileCheck %s --check-prefix=BROKEN

// The block is differentiated once; forward and backward are one body.
nn.model @model {
  nn.parameter @"layers.*.w" : tensor<8x8xf32> {count = 2 : i64, init = #nn.init<ones>, trainable = true}
  nn.func private @layer(%x: tensor<2x4x8xf32>, %w: tensor<8x8xf32> {nn.parameter = @"layers.*.w"}) -> tensor<2x4x8xf32> {
    %h = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    %y = nn.add %x, %h : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}, %t: tensor<2x4x8xf32> {nn.role = "targets"}) -> tensor<f32> {
    %w = nn.get @"layers.*.w" : !nn.stack<2 x tensor<8x8xf32>>
    %y = nn.scan @layer, 2 carry(%x) each(%w) : (tensor<2x4x8xf32>, !nn.stack<2 x tensor<8x8xf32>>) -> tensor<2x4x8xf32>
    %l = nn.mse %y, %t : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}
// CHECK: nn.func @eval_loss
// CHECK-LABEL: nn.func @train_step(
// CHECK: %[[Y:.*]], %[[TAPE:.*]] = nn.scan_forward @layer_joint, 2
// CHECK: %[[SCALE:.*]] = nn.loss_scale
// CHECK: %[[DY:.*]] = nn.mse_grad %[[Y]], %{{.*}}, %[[SCALE]]
// CHECK: %[[D:.*]]:2 = nn.scan_backward @layer_joint, 2 tape(%[[TAPE]]) carry(%[[DY]])
// CHECK: nn.accumulate @"layers.*.w", %[[D]]#1 : !nn.stack<2 x tensor<8x8xf32>>
// CHECK-LABEL: nn.func private @layer_joint(
// CHECK-SAME: %[[X:[a-z0-9]*]]: tensor<2x4x8xf32>, %[[W:[a-z0-9]*]]: tensor<8x8xf32>
// CHECK-SAME: %[[DOUT:[a-z0-9]*]]: tensor<2x4x8xf32>)
// CHECK: %[[OUT:.*]] = nn.add %[[X]]
// CHECK: %[[DX:.*]] = nn.matmul %[[DOUT]], %[[W]] :
// CHECK: %[[DW:.*]] = nn.matmul %[[DOUT]], %[[X]] transpose_a
// CHECK: %[[SUM:.*]] = nn.add %[[DOUT]], %[[DX]]
// CHECK: nn.return %[[OUT]], %[[SUM]], %[[DW]]
// BROKEN-LABEL: nn.func private @layer_joint(
// BROKEN: nn.scale %{{.*}} {factor = -1.000000e+00 : f64} : tensor<2x4x8xf32>

// -----

// Activity: nothing is built for a frozen parameter, and no gradient goes below
// the lowest trainable one.
nn.model @frozen {
  nn.parameter @a : tensor<8x8xf32> {count = 1 : i64, init = #nn.init<ones>, trainable = false}
  nn.parameter @b : tensor<8x8xf32> {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}, %t: tensor<2x4x8xf32> {nn.role = "targets"}) -> tensor<f32> {
    %a = nn.get @a : tensor<8x8xf32>
    %b = nn.get @b : tensor<8x8xf32>
    %h = nn.linear %x, %a : tensor<2x4x8xf32>, tensor<8x8xf32>
    %y = nn.linear %h, %b : tensor<2x4x8xf32>, tensor<8x8xf32>
    %l = nn.mse %y, %t : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}
// CHECK-LABEL: nn.model @frozen
// CHECK: nn.func @train_step
// CHECK: nn.mse_grad
// CHECK-NEXT: nn.matmul %{{.*}}, %{{.*}} transpose_a
// CHECK-NEXT: nn.accumulate @b
// CHECK-NEXT: nn.return

// -----

// A tied parameter accumulates each use; stop_gradient is gone afterwards.
nn.model @tied {
  nn.parameter @table : tensor<16x8xf32> {count = 1 : i64, init = #nn.init<ones>, trainable = true}
  nn.func @loss(%t: tensor<2x4xi32> {nn.role = "tokens"}, %u: tensor<2x4xi32> {nn.role = "targets"}) -> tensor<f32> {
    %e = nn.get @table : tensor<16x8xf32>
    %x = nn.embedding %t, %e : tensor<2x4xi32>, tensor<16x8xf32>
    %s = nn.stop_gradient %x : tensor<2x4x8xf32>
    %z = nn.add %x, %s : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    %logits = nn.linear %z, %e : tensor<2x4x8xf32>, tensor<16x8xf32>
    %l = nn.cross_entropy %logits, %u : tensor<2x4x16xf32>, tensor<2x4xi32>
    nn.return %l : tensor<f32>
  }
}
// CHECK-LABEL: nn.model @tied
// CHECK-NOT: nn.stop_gradient
// CHECK: nn.func @train_step
// CHECK: %[[X:.*]] = nn.embedding
// CHECK: nn.add %[[X]], %[[X]]
// CHECK: %[[DL:.*]] = nn.cross_entropy_grad
// CHECK: %[[DX:.*]] = nn.matmul %[[DL]], %{{.*}} :
// CHECK: %[[DW:.*]] = nn.matmul %[[DL]], %{{.*}} transpose_a
// CHECK: %[[DE:.*]] = nn.embedding_grad %{{.*}}, %[[DX]]
// CHECK: nn.accumulate @table, %[[DW]]
// CHECK: nn.accumulate @table, %[[DE]]
// CHECK-LABEL: nn.func @logits(
// CHECK-SAME: {nn.role = "tokens"}) -> tensor<2x4x16xf32>
