// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @transposes_and_broadcasts(
func.func @transposes_and_broadcasts(%q: tensor<1x4x8x32xf16>, %w: tensor<1x1x16x8xf16>)
    -> (tensor<1x4x32x32xf16>, tensor<1x4x16x32xf16>, tensor<1x4x32x16xf16>) {
  // CHECK: mil.matmul %{{.*}}, %{{.*}}, transpose_x = true, transpose_y = false : tensor<1x4x8x32xf16>, tensor<1x4x8x32xf16>
  %0 = mil.matmul %q, %q, transpose_x = true, transpose_y = false
    : tensor<1x4x8x32xf16>, tensor<1x4x8x32xf16>
  // matmul_c3
  %1 = mil.matmul %w, %q, transpose_x = false, transpose_y = false
    : tensor<1x1x16x8xf16>, tensor<1x4x8x32xf16>
  %2 = mil.matmul %q, %w, transpose_x = true, transpose_y = true
    : tensor<1x4x8x32xf16>, tensor<1x1x16x8xf16>
  return %0, %1, %2 : tensor<1x4x32x32xf16>, tensor<1x4x16x32xf16>, tensor<1x4x32x16xf16>
}
