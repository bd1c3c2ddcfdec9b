// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @row_squares(
func.func @row_squares(%x: tensor<1x32x64xf32>) -> tensor<1x1x64xf32> {
  // CHECK: %{{.*}}, %[[S:.*]] = nn.row_squares %{{.*}} : tensor<1x32x64xf32> -> tensor<1x1x64xf32>
  %p, %s = nn.row_squares %x : tensor<1x32x64xf32> -> tensor<1x1x64xf32>
  // CHECK: return %[[S]]
  return %s : tensor<1x1x64xf32>
}
