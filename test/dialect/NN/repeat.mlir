// RUN: anec-opt %s | anec-opt | FileCheck %s

nn.model @model {
  // CHECK-LABEL: @block
  nn.func private @block(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // CHECK: nn.param "w" init(normal, 2.000000e-02) : tensor<8x8xf32>
    %w = nn.param "w" init(normal, 0.02) : tensor<8x8xf32>
    // CHECK: nn.param "g" init(ones) {trainable = false} : tensor<8xf32>
    %g = nn.param "g" init(ones) {trainable = false} : tensor<8xf32>
    %y = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<8x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
  // CHECK-LABEL: @top
  nn.func @top(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    // CHECK: nn.repeat @block, 3 (%{{.*}}) {name = "layers"} : tensor<2x4x8xf32>
    %y = nn.repeat @block, 3 (%x) {name = "layers"} : tensor<2x4x8xf32>
    nn.return %y : tensor<2x4x8xf32>
  }
}
