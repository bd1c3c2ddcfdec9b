// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @reshape
// CHECK: %[[Y:.*]] = nn.reshape %{{.*}}, sequence = 1 : tensor<2x4x8xf32>
// CHECK: nn.relu %[[Y]] : tensor<2x1x32xf32>
func.func @reshape(%x: tensor<2x4x8xf32>) {
  %y = nn.reshape %x, sequence = 1 : tensor<2x4x8xf32>
  %r = nn.relu %y : tensor<2x1x32xf32>
  return
}
