// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @rms_norm_grad
// CHECK: nn.rms_norm_grad
// CHECK: nn.rms_norm_gain_grad
func.func @rms_norm_grad(%x: tensor<2x4x8xf32>, %g: tensor<8xf32>) {
  %dx = nn.rms_norm_grad %x, %g, %x {eps = 1.0e-5} : tensor<2x4x8xf32>, tensor<8xf32>
  %dg = nn.rms_norm_gain_grad %x, %x {eps = 1.0e-5} : tensor<2x4x8xf32>
  return
}
