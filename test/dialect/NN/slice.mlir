// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @slice
// CHECK: %[[Y:.*]] = nn.slice %{{.*}}, dim = 2, begin = 4, size = 4 : tensor<2x4x8xf32>
// CHECK: nn.relu %[[Y]] : tensor<2x4x4xf32>
func.func @slice(%x: tensor<2x4x8xf32>) {
  %y = nn.slice %x, dim = 2, begin = 4, size = 4 : tensor<2x4x8xf32>
  %r = nn.relu %y : tensor<2x4x4xf32>
  return
}
