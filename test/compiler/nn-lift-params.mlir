// RUN: anec-opt %s -nn-lift-params | FileCheck %s

// A parameter of a repeated block is one family with one stack; one at the top
// level, used twice, is one tensor.
nn.model @model {
  // CHECK: nn.parameter @table : tensor<16x8xf32> {count = 1 : i64, init = #nn.init<normal, 2.000000e-02>, trainable = true}
  // CHECK: nn.parameter @"layers.*.wq.weight" : tensor<8x8xf32> {count = 2 : i64, init = #nn.init<ones>, trainable = false}
  // CHECK: nn.parameter @"more.*.wq.weight" : tensor<8x8xf32> {count = 3 : i64

  // CHECK: nn.func private @layer(%[[X:.*]]: tensor<2x4x8xf32>, %[[W:.*]]: tensor<8x8xf32> {nn.parameter = @"layers.*.wq.weight"})
  // CHECK-NEXT: nn.linear %[[X]], %[[W]]
  nn.func private @layer(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    %w = nn.param "wq.weight" init(ones) {trainable = false} : tensor<8x8xf32>
    %y = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }

  // CHECK: nn.func @loss
  nn.func @loss(%t: tensor<2x4xi32> {nn.role = "tokens"}) -> tensor<f32> {
    // CHECK: %[[TABLE:.*]] = nn.get @table : tensor<16x8xf32>
    // CHECK: nn.embedding %{{.*}}, %[[TABLE]]
    %e = nn.param "table" init(normal, 0.02) : tensor<16x8xf32>
    %x = nn.embedding %t, %e : tensor<2x4xi32>, tensor<16x8xf32>
    // CHECK: %[[WS:.*]] = nn.get @"layers.*.wq.weight" : !nn.stack<2 x tensor<8x8xf32>>
    // CHECK: nn.scan @layer, 2 carry(%{{.*}}) each(%[[WS]])
    %y = nn.repeat @layer, 2 (%x) {name = "layers"} : tensor<2x4x8xf32>
    // The second use of a block has parameters of its own.
    // CHECK: nn.scan @[[COPY:layer_.*]], 3
    %z = nn.repeat @layer, 3 (%y) {name = "more"} : tensor<2x4x8xf32>
    // CHECK: nn.linear %{{.*}}, %[[TABLE]]
    %c = nn.param "table" : tensor<16x8xf32>
    %logits = nn.linear %z, %c : tensor<2x4x8xf32>, tensor<16x8xf32>
    %l = nn.cross_entropy %logits, %t : tensor<2x4x16xf32>, tensor<2x4xi32>
    nn.return %l : tensor<f32>
  }
  // CHECK: nn.func private @[[COPY]](
}
