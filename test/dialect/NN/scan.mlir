// RUN: anec-opt %s | anec-opt | FileCheck %s

nn.model @model {
  // CHECK: nn.parameter @"layers.*.w" : tensor<8x8xf32> {count = 2 : i64, init = #nn.init<normal, 2.000000e-02>, trainable = true}
  nn.parameter @"layers.*.w" : tensor<8x8xf32> {count = 2 : i64, init = #nn.init<normal, 0.02>, trainable = true}
  nn.func private @layer(%x: tensor<2x4x8xf32>, %w: tensor<8x8xf32>) -> (tensor<2x4x8xf32>, tensor<2x4x8xf32>) {
    %y = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    nn.return %y, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  }
  // CHECK-LABEL: @top
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // CHECK: %[[W:.*]] = nn.get @"layers.*.w" : !nn.stack<2 x tensor<8x8xf32>>
    %w = nn.get @"layers.*.w" : !nn.stack<2 x tensor<8x8xf32>>
    // CHECK: %[[Y:.*]]:2 = nn.scan @layer, 2 reverse carry(%{{.*}}) each(%[[W]])
    %y, %taps = nn.scan @layer, 2 reverse carry(%x) each(%w) : (tensor<2x4x8xf32>, !nn.stack<2 x tensor<8x8xf32>>) -> (tensor<2x4x8xf32>, !nn.stack<2 x tensor<2x4x8xf32>>)
    // CHECK: nn.accumulate @"layers.*.w", %[[W]]
    nn.accumulate @"layers.*.w", %w : !nn.stack<2 x tensor<8x8xf32>>
    // CHECK: %[[SUMS:.*]] = nn.accumulated @"layers.*.w" : !nn.stack<2 x tensor<8x8xf32>>
    %sums = nn.accumulated @"layers.*.w" : !nn.stack<2 x tensor<8x8xf32>>
    // CHECK: nn.accumulate @"layers.*.w", %[[SUMS]] in_place : !nn.stack<2 x tensor<8x8xf32>>
    nn.accumulate @"layers.*.w", %sums in_place : !nn.stack<2 x tensor<8x8xf32>>
    nn.return %y : tensor<2x4x8xf32>
  }
}
