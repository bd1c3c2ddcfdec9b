// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @patches
// CHECK: %[[P:.*]] = nn.patches %{{.*}}, height = 4, width = 6, kernel = 3, stride = 1 : tensor<2x24x3xf32>
// CHECK: nn.relu %[[P]] : tensor<2x24x27xf32>
// CHECK: %[[X:.*]] = nn.patches_grad %[[P]], height = 4, width = 6, kernel = 3, stride = 1
// CHECK: nn.relu %[[X]] : tensor<2x24x3xf32>
func.func @patches(%x: tensor<2x24x3xf32>) {
  %p = nn.patches %x, height = 4, width = 6, kernel = 3, stride = 1 : tensor<2x24x3xf32>
  %r = nn.relu %p : tensor<2x24x27xf32>
  %d = nn.patches_grad %p, height = 4, width = 6, kernel = 3, stride = 1 : tensor<2x24x27xf32>
  %s = nn.relu %d : tensor<2x24x3xf32>
  return
}
