// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @permute_features
// CHECK: nn.permute_features %{{.*}} {order = array<i64: 2, 3, 0, 1>}
func.func @permute_features(%x: tensor<1x2x4xf32>) {
  %y = nn.permute_features %x {order = array<i64: 2, 3, 0, 1>} : tensor<1x2x4xf32>
  return
}
