// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @softmax_grad
// CHECK: nn.softmax_grad %{{.*}} : tensor<2x4x8xf32>
func.func @softmax_grad(%x: tensor<2x4x8xf32>) {
  %y = nn.softmax_grad %x, %x : tensor<2x4x8xf32>
  return
}
