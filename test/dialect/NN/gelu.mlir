// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @gelu
// CHECK: nn.gelu %{{.*}} : tensor<2x4x8xf32>
func.func @gelu(%x: tensor<2x4x8xf32>) {
  %y = nn.gelu %x : tensor<2x4x8xf32>
  return
}
