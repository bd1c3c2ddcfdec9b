// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @layer_norm
// CHECK: nn.layer_norm %{{.*}} {eps = 1.000000e-05 : f64} : tensor<2x4x8xf32>, tensor<8xf32>
func.func @layer_norm(%x: tensor<2x4x8xf32>, %g: tensor<8xf32>) {
  %y = nn.layer_norm %x, %g {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
  return
}
