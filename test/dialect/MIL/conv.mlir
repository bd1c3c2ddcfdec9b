// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @pointwise(
func.func @pointwise(%x: tensor<1x8x1x32xf16>, %w: tensor<16x8x1x1xf16>) -> tensor<1x16x1x32xf16> {
  // CHECK: mil.conv %{{.*}}, %{{.*}}, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1 :
  %0 = mil.conv %x, %w, strides = [1, 1], pad_type = "valid", pad = [0, 0, 0, 0], dilations = [1, 1], groups = 1 : tensor<1x8x1x32xf16>, tensor<16x8x1x1xf16>
  return %0 : tensor<1x16x1x32xf16>
}

// Output sizes as in PyTorch's conv2d: floor((9 + 1 + 1 - (2 * 2 + 1)) / 2) + 1.
// CHECK-LABEL: @strided_dilated_grouped(
func.func @strided_dilated_grouped(%x: tensor<1x8x9x9xf16>, %w: tensor<16x4x3x3xf16>) -> tensor<1x16x4x4xf16> {
  %0 = mil.conv %x, %w, strides = [2, 2], pad_type = "custom", pad = [1, 1, 1, 1], dilations = [2, 2], groups = 2 : tensor<1x8x9x9xf16>, tensor<16x4x3x3xf16>
  return %0 : tensor<1x16x4x4xf16>
}
