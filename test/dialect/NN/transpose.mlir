// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @transpose
// CHECK: %[[Y:.*]] = nn.transpose %{{.*}} : tensor<2x4x8xf32>
// CHECK: nn.relu %[[Y]] : tensor<2x8x4xf32>
func.func @transpose(%x: tensor<2x4x8xf32>) {
  %y = nn.transpose %x : tensor<2x4x8xf32>
  %r = nn.relu %y : tensor<2x8x4xf32>
  return
}
