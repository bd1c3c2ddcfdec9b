// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @keeps_the_type(
func.func @keeps_the_type(%x: tensor<1x8x1x32xf16>, %y: tensor<4xf32>) -> tensor<1x8x1x32xf16> {
  // CHECK: %[[Y:.*]] = mil.sqrt %{{.*}} : tensor<1x8x1x32xf16>
  %0 = mil.sqrt %x : tensor<1x8x1x32xf16>
  // CHECK: mil.sqrt %{{.*}} : tensor<4xf32>
  %1 = mil.sqrt %y : tensor<4xf32>
  // CHECK: return %[[Y]] : tensor<1x8x1x32xf16>
  return %0 : tensor<1x8x1x32xf16>
}
