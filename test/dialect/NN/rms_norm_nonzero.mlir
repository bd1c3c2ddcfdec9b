// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @rms_norm_nonzero
// CHECK: nn.rms_norm_nonzero %{{.*}} {eps = 1.000000e-05 : f64} : tensor<2x4x8xf32>, tensor<8xf32>
func.func @rms_norm_nonzero(%x: tensor<2x4x8xf32>, %g: tensor<8xf32>) {
  %y = nn.rms_norm_nonzero %x, %g {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
  return
}
