// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @pool
// CHECK: %[[Y:.*]] = nn.pool max %{{.*}}, height = 4, width = 6, window = 2 : tensor<2x24x3xf32>
// CHECK: nn.pool average
// CHECK: nn.relu %[[Y]] : tensor<2x6x3xf32>
func.func @pool(%x: tensor<2x24x3xf32>) {
  %y = nn.pool max %x, height = 4, width = 6, window = 2 : tensor<2x24x3xf32>
  %z = nn.pool average %x, height = 4, width = 6, window = 2 : tensor<2x24x3xf32>
  %r = nn.relu %y : tensor<2x6x3xf32>
  return
}
