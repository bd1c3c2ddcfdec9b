// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @mul
// CHECK: nn.mul %{{.*}} : tensor<2x4x8xf32>, tensor<2x4x8xf32>
// CHECK: nn.mul %{{.*}} : tensor<2x4x8xf32>, tensor<8xf32>
func.func @mul(%x: tensor<2x4x8xf32>, %b: tensor<8xf32>) {
  %y = nn.mul %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  %z = nn.mul %y, %b : tensor<2x4x8xf32>, tensor<8xf32>
  return
}
