// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @concat
// CHECK: %[[Y:.*]] = nn.concat %{{.*}}, %{{.*}}, dim = 1 : tensor<2x4x8xf32>, tensor<2x3x8xf32>
// CHECK: nn.relu %[[Y]] : tensor<2x7x8xf32>
func.func @concat(%x: tensor<2x4x8xf32>, %b: tensor<2x3x8xf32>) {
  %y = nn.concat %x, %b, dim = 1 : tensor<2x4x8xf32>, tensor<2x3x8xf32>
  %r = nn.relu %y : tensor<2x7x8xf32>
  return
}
