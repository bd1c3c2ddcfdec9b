// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @matmul
// CHECK: nn.matmul %{{.*}} : tensor<2x4x16xf32>, tensor<16x8xf32>
// CHECK: nn.matmul %{{.*}} transpose_a : tensor<2x4x16xf32>, tensor<2x4x8xf32>
func.func @matmul(%dy: tensor<2x4x16xf32>, %x: tensor<2x4x8xf32>, %w: tensor<16x8xf32>) {
  %dx = nn.matmul %dy, %w : tensor<2x4x16xf32>, tensor<16x8xf32>
  %dw = nn.matmul %dy, %x transpose_a : tensor<2x4x16xf32>, tensor<2x4x8xf32>
  return
}
