// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @max_pool_grad
// CHECK: nn.max_pool_grad %{{.*}}, %{{.*}}, height = 4, width = 6, window = 2 : tensor<2x24x3xf32>, tensor<2x6x3xf32>
// CHECK: %[[X:.*]] = nn.average_pool_grad %{{.*}}, height = 4, width = 6, window = 2 : tensor<2x6x3xf32>
// CHECK: nn.relu %[[X]] : tensor<2x24x3xf32>
func.func @max_pool_grad(%x: tensor<2x24x3xf32>, %dy: tensor<2x6x3xf32>) {
  %a = nn.max_pool_grad %x, %dy, height = 4, width = 6, window = 2 : tensor<2x24x3xf32>, tensor<2x6x3xf32>
  %b = nn.average_pool_grad %dy, height = 4, width = 6, window = 2 : tensor<2x6x3xf32>
  %r = nn.relu %b : tensor<2x24x3xf32>
  return
}
