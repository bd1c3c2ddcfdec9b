// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @sigmoid
// CHECK: nn.sigmoid %{{.*}} : tensor<2x4x8xf32>
func.func @sigmoid(%x: tensor<2x4x8xf32>) {
  %y = nn.sigmoid %x : tensor<2x4x8xf32>
  return
}
