// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @mse
// CHECK: nn.mse %
// CHECK: nn.mse_grad %
func.func @mse(%x: tensor<2x4x8xf32>) {
  %y = nn.mse %x, %x : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  %d = nn.mse_grad %x, %x, %y : tensor<2x4x8xf32>, tensor<f32>
  return
}
