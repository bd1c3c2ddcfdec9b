// RUN: anec-opt %s | anec-opt | FileCheck %s

// binary_c1: the same shape, a scalar, one value per channel, one per column.
// CHECK-LABEL: @broadcasts(
func.func @broadcasts(%x: tensor<1x8x1x32xf16>, %s: tensor<f16>,
                      %c: tensor<1x8x1x1xf16>, %t: tensor<1x1x1x32xf16>) {
  // CHECK: mil.pow %{{.*}}, %{{.*}} : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
  %0 = mil.pow %x, %x : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf16>
  // CHECK: mil.pow %{{.*}}, %{{.*}} : tensor<1x8x1x32xf16>, tensor<f16>
  %1 = mil.pow %0, %s : tensor<1x8x1x32xf16>, tensor<f16>
  %2 = mil.pow %1, %c : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
  // CHECK: mil.pow %{{.*}}, %{{.*}} : tensor<1x1x1x32xf16>, tensor<1x8x1x32xf16>
  %3 = mil.pow %t, %2 : tensor<1x1x1x32xf16>, tensor<1x8x1x32xf16>
  // CHECK: mil.pow %{{.*}}, %{{.*}} : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
  %4 = mil.pow %3, %c : tensor<1x8x1x32xf16>, tensor<1x8x1x1xf16>
  return
}
