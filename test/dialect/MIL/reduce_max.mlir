// RUN: anec-opt %s | anec-opt | FileCheck %s

// reduction_c2
// CHECK-LABEL: @keeps_or_drops_dimensions(
func.func @keeps_or_drops_dimensions(%x: tensor<1x8x4x32xf16>)
    -> (tensor<1x1x4x32xf16>, tensor<1x8xf16>) {
  // CHECK: mil.reduce_max %{{.*}}, axes = [1], keep_dims = true : tensor<1x8x4x32xf16>
  %0 = mil.reduce_max %x, axes = [1], keep_dims = true : tensor<1x8x4x32xf16>
  // CHECK: mil.reduce_max %{{.*}}, axes = [-1, 2], keep_dims = false : tensor<1x8x4x32xf16>
  %1 = mil.reduce_max %x, axes = [-1, 2], keep_dims = false : tensor<1x8x4x32xf16>
  return %0, %1 : tensor<1x1x4x32xf16>, tensor<1x8xf16>
}
