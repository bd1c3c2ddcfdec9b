// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @stop_gradient
// CHECK: nn.stop_gradient %{{.*}} : tensor<2x4x8xf32>
func.func @stop_gradient(%x: tensor<2x4x8xf32>) {
  %y = nn.stop_gradient %x : tensor<2x4x8xf32>
  return
}
