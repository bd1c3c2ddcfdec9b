// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @relu_grad
// CHECK: nn.relu_grad %{{.*}}, %{{.*}} : tensor<2x4x8xf32>
func.func @relu_grad(%y: tensor<2x4x8xf32>, %dy: tensor<2x4x8xf32>) {
  %dx = nn.relu_grad %y, %dy : tensor<2x4x8xf32>
  return
}
