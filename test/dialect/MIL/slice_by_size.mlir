// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @cuts_a_region(
func.func @cuts_a_region(%x: tensor<1x32x1x96xf16>) -> tensor<1x8x1x32xf16> {
  // CHECK: mil.slice_by_size %{{.*}}, begin = [0, 16, 0, 64], size = [1, 8, 1, 32] : tensor<1x32x1x96xf16>
  %0 = mil.slice_by_size %x, begin = [0, 16, 0, 64], size = [1, 8, 1, 32] : tensor<1x32x1x96xf16>
  return %0 : tensor<1x8x1x32xf16>
}
