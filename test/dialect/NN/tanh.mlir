// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @tanh
// CHECK: nn.tanh %{{.*}} : tensor<2x4x8xf32>
func.func @tanh(%x: tensor<2x4x8xf32>) {
  %y = nn.tanh %x : tensor<2x4x8xf32>
  return
}
