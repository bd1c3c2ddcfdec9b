// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @embedding
// CHECK: nn.embedding %{{.*}} : tensor<2x4xi32>, tensor<32x8xf32>
// CHECK: nn.embedding_grad
func.func @embedding(%t: tensor<2x4xi32>, %e: tensor<32x8xf32>) {
  %y = nn.embedding %t, %e : tensor<2x4xi32>, tensor<32x8xf32>
  // embedding_c1
  %de = nn.embedding_grad %t, %y : tensor<2x4xi32>, tensor<2x4x8xf32> -> tensor<32x8xf32>
  return
}
