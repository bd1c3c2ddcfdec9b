// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @scale
// CHECK: nn.scale %{{.*}} {factor = 1.250000e-01 : f64} : tensor<2x4x8xf32>
func.func @scale(%x: tensor<2x4x8xf32>) {
  %y = nn.scale %x {factor = 0.125} : tensor<2x4x8xf32>
  return
}
