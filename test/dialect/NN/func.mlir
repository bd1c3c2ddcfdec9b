// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: nn.model @model
// CHECK: nn.func private @block(%{{.*}}: tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
// CHECK: nn.return %{{.*}} : tensor<2x4x8xf32>
// CHECK: nn.func @loss(%{{.*}}: tensor<2x4x8xf32> {nn.role = "data"})
nn.model @model {
  nn.func private @block(%x: tensor<2x4x8xf32>) -> tensor<2x4x8xf32> {
    nn.return %x : tensor<2x4x8xf32>
  }
  nn.func @loss(%x: tensor<2x4x8xf32> {nn.role = "data"}) -> tensor<f32> {
    %l = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
    nn.return %l : tensor<f32>
  }
}
