// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @peak_log_loss
// CHECK: %[[TOP:.*]] = nn.peak %{{.*}} : tensor<2x4x32xf32> -> tensor<2x4x1xf32>
// CHECK: nn.peak_log_loss %{{.*}}, %[[TOP]], %[[TOP]] : tensor<2x4x8xf32>, tensor<32x8xf32>, tensor<2x4xi32>, tensor<2x4x1xf32> -> tensor<f32>
// CHECK: %[[W:.*]] = nn.token_weights %{{.*}} : tensor<f32> -> tensor<2x4x1xf32>
// CHECK: nn.scale_tokens %{{.*}}, %[[W]] : tensor<2x4x8xf32>, tensor<2x4x1xf32>
func.func @peak_log_loss(%x: tensor<2x4x8xf32>, %w: tensor<32x8xf32>, %l: tensor<2x4x32xf32>, %t: tensor<2x4xi32>) {
  %top = nn.peak %l : tensor<2x4x32xf32> -> tensor<2x4x1xf32>
  %loss = nn.peak_log_loss %x, %w, %t, %top, %top : tensor<2x4x8xf32>, tensor<32x8xf32>, tensor<2x4xi32>, tensor<2x4x1xf32> -> tensor<f32>
  %weights = nn.token_weights %loss : tensor<f32> -> tensor<2x4x1xf32>
  %dx = nn.scale_tokens %x, %weights : tensor<2x4x8xf32>, tensor<2x4x1xf32>
  return
}
