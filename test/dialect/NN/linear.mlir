// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @linear
// CHECK: nn.linear %{{.*}} : tensor<2x4x8xf32>, tensor<16x8xf32>
// CHECK: nn.linear %{{.*}} : tensor<2x4x16xf32>, tensor<3x16xf32>
func.func @linear(%x: tensor<2x4x8xf32>, %w: tensor<16x8xf32>, %v: tensor<3x16xf32>) {
  %y = nn.linear %x, %w : tensor<2x4x8xf32>, tensor<16x8xf32>
  // linear_c2: the result feeds a weight with 16 input features.
  %z = nn.linear %y, %v : tensor<2x4x16xf32>, tensor<3x16xf32>
  return
}
