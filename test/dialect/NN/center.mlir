// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @center
// CHECK: nn.center %{{.*}} : tensor<2x4x8xf32>
func.func @center(%x: tensor<2x4x8xf32>) {
  %y = nn.center %x : tensor<2x4x8xf32>
  return
}
