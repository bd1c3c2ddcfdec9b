// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @softmax
// CHECK: nn.softmax %{{.*}} : tensor<2x4x8xf32>
func.func @softmax(%x: tensor<2x4x8xf32>) {
  %y = nn.softmax %x : tensor<2x4x8xf32>
  return
}
