// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @pad
// CHECK: %[[Y:.*]] = nn.pad %{{.*}}, dim = 2, begin = 4, size = 16 : tensor<2x4x8xf32>
// CHECK: nn.relu %[[Y]] : tensor<2x4x16xf32>
func.func @pad(%x: tensor<2x4x8xf32>) {
  %y = nn.pad %x, dim = 2, begin = 4, size = 16 : tensor<2x4x8xf32>
  %r = nn.relu %y : tensor<2x4x16xf32>
  return
}
