// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @sub
// CHECK: nn.sub %{{.*}} : tensor<2x4x8xf32>, tensor<2x4x8xf32>
// CHECK: nn.sub %{{.*}} : tensor<2x4x8xf32>, tensor<8xf32>
func.func @sub(%x: tensor<2x4x8xf32>, %b: tensor<8xf32>) {
  %y = nn.sub %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  %z = nn.sub %y, %b : tensor<2x4x8xf32>, tensor<8xf32>
  return
}
