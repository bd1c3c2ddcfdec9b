// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @log_loss
// CHECK: nn.log_loss %{{.*}} : tensor<2x4x32xf32>, tensor<2x4xi32> -> tensor<f32>
// CHECK: nn.log_loss_logits_grad %{{.*}} : tensor<2x4x32xf32>, tensor<2x4xi32>, tensor<f32>
func.func @log_loss(%p: tensor<2x4x32xf32>, %t: tensor<2x4xi32>) {
  %l = nn.log_loss %p, %t : tensor<2x4x32xf32>, tensor<2x4xi32> -> tensor<f32>
  %d = nn.log_loss_logits_grad %p, %t, %l : tensor<2x4x32xf32>, tensor<2x4xi32>, tensor<f32>
  // CHECK: nn.log_probability %{{.*}} : tensor<2x4x32xf32>
  %y = nn.log_probability %p : tensor<2x4x32xf32>
  // CHECK: nn.target_weights %{{.*}}, %{{.*}} : tensor<2x4xi32>, tensor<f32> -> tensor<2x4x32xf32>
  %w = nn.target_weights %t, %l : tensor<2x4xi32>, tensor<f32> -> tensor<2x4x32xf32>
  // CHECK: nn.weighted_log_loss_grad %{{.*}}, %{{.*}} : tensor<2x4x32xf32>
  %g = nn.weighted_log_loss_grad %p, %w : tensor<2x4x32xf32>
  return
}
