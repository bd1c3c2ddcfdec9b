// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @add
// CHECK: nn.add %{{.*}} : tensor<2x4x8xf32>, tensor<2x4x8xf32>
// CHECK: nn.add %{{.*}} : tensor<2x4x8xf32>, tensor<8xf32>
func.func @add(%x: tensor<2x4x8xf32>, %b: tensor<8xf32>) {
  %y = nn.add %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  %z = nn.add %y, %b : tensor<2x4x8xf32>, tensor<8xf32>
  return
}
