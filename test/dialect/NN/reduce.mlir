// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @reduce
// CHECK: %[[Y:.*]] = nn.reduce %{{.*}}, dim = 1 : tensor<2x4x8xf32>
// CHECK: nn.relu %[[Y]] : tensor<2x1x8xf32>
func.func @reduce(%x: tensor<2x4x8xf32>) {
  %y = nn.reduce %x, dim = 1 : tensor<2x4x8xf32>
  %r = nn.relu %y : tensor<2x1x8xf32>
  return
}
