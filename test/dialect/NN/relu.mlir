// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @relu
// CHECK: nn.relu %{{.*}} : tensor<2x4x8xf32>
func.func @relu(%x: tensor<2x4x8xf32>) {
  %y = nn.relu %x : tensor<2x4x8xf32>
  return
}
