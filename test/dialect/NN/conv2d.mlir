// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @conv2d
// CHECK: %[[Y:.*]] = nn.conv2d %{{.*}}, %{{.*}}, height = 4, width = 6, kernel = 3, stride = 1 : tensor<2x24x3xf32>, tensor<5x27xf32>
// CHECK: nn.relu %[[Y]] : tensor<2x24x5xf32>
// CHECK: %[[H:.*]] = nn.conv2d {{.*}} stride = 2
// CHECK: nn.relu %[[H]] : tensor<2x6x5xf32>
func.func @conv2d(%x: tensor<2x24x3xf32>, %w: tensor<5x27xf32>) {
  %y = nn.conv2d %x, %w, height = 4, width = 6, kernel = 3, stride = 1 : tensor<2x24x3xf32>, tensor<5x27xf32>
  %r = nn.relu %y : tensor<2x24x5xf32>
  %h = nn.conv2d %x, %w, height = 4, width = 6, kernel = 3, stride = 2 : tensor<2x24x3xf32>, tensor<5x27xf32>
  %s = nn.relu %h : tensor<2x6x5xf32>
  return
}
