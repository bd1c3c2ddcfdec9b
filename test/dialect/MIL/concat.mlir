// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @joins_channels(
func.func @joins_channels(%a: tensor<1x8x1x32xf16>, %b: tensor<1x24x1x32xf16>) -> tensor<1x32x1x32xf16> {
  // CHECK: mil.concat(%{{.*}}, %{{.*}}), axis = 1, interleave = false : tensor<1x8x1x32xf16>, tensor<1x24x1x32xf16>
  %0 = mil.concat (%a, %b), axis = 1, interleave = false
    : tensor<1x8x1x32xf16>, tensor<1x24x1x32xf16>
  return %0 : tensor<1x32x1x32xf16>
}
