// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @expand
// CHECK: %[[Y:.*]] = nn.expand %{{.*}}, dim = 1, size = 4 : tensor<2x1x8xf32>
// CHECK: nn.relu %[[Y]] : tensor<2x4x8xf32>
func.func @expand(%x: tensor<2x1x8xf32>) {
  %y = nn.expand %x, dim = 1, size = 4 : tensor<2x1x8xf32>
  %r = nn.relu %y : tensor<2x4x8xf32>
  return
}
