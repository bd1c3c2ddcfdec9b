// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @overflow_witness
// CHECK: nn.overflow_witness(%{{.*}}, %{{.*}}) : (tensor<2x4x8xf32>, tensor<2x3x4x4xf32>) -> tensor<2x4x1xf32>
// CHECK: nn.max_magnitude %{{.*}} : tensor<2x4x1xf32> -> tensor<f32>
func.func @overflow_witness(%a: tensor<2x4x8xf32>, %s: tensor<2x3x4x4xf32>) -> tensor<f32> {
  %y = nn.overflow_witness(%a, %s) : (tensor<2x4x8xf32>, tensor<2x3x4x4xf32>) -> tensor<2x4x1xf32>
  %m = nn.max_magnitude %y : tensor<2x4x1xf32> -> tensor<f32>
  return %m : tensor<f32>
}
