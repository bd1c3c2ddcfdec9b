// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @exp
// CHECK: nn.exp %{{.*}} : tensor<2x4x8xf32>
func.func @exp(%x: tensor<2x4x8xf32>) {
  %y = nn.exp %x : tensor<2x4x8xf32>
  return
}
