// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @cross_entropy
// CHECK: nn.cross_entropy %
// CHECK: nn.loss_scale : tensor<f32>
// CHECK: nn.cross_entropy_grad %
func.func @cross_entropy(%l: tensor<2x4x32xf32>, %t: tensor<2x4xi32>) {
  %y = nn.cross_entropy %l, %t : tensor<2x4x32xf32>, tensor<2x4xi32>
  %s = nn.loss_scale : tensor<f32>
  %d = nn.cross_entropy_grad %l, %t, %s : tensor<2x4x32xf32>, tensor<2x4xi32>, tensor<f32>
  return
}
