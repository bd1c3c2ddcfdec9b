// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @log_loss
// CHECK: nn.log_loss %{{.*}} : tensor<2x4x32xf32>, tensor<2x4xi32> -> tensor<f32>
// CHECK: nn.log_loss_logits_grad %{{.*}} : tensor<2x4x32xf32>, tensor<2x4xi32>, tensor<f32>
func.func @log_loss(%p: tensor<2x4x32xf32>, %t: tensor<2x4xi32>) {
  %l = nn.log_loss %p, %t : tensor<2x4x32xf32>, tensor<2x4xi32> -> tensor<f32>
  %d = nn.log_loss_logits_grad %p, %t, %l : tensor<2x4x32xf32>, tensor<2x4xi32>, tensor<f32>
  return
}
