// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @permutes_dimensions(
func.func @permutes_dimensions(%x: tensor<1x2x3x4xf16>) -> tensor<2x4x1x3xf16> {
  // CHECK: mil.transpose %{{.*}}, perm = [1, 3, 0, 2] : tensor<1x2x3x4xf16>
  %0 = mil.transpose %x, perm = [1, 3, 0, 2] : tensor<1x2x3x4xf16>
  return %0 : tensor<2x4x1x3xf16>
}
