// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @silu
// CHECK: nn.silu %{{.*}} : tensor<2x4x8xf32>
func.func @silu(%x: tensor<2x4x8xf32>) {
  %y = nn.silu %x : tensor<2x4x8xf32>
  return
}
