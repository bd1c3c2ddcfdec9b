// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @splits_channels_into_heads(
func.func @splits_channels_into_heads(%x: tensor<1x32x1x64xf16>) -> tensor<1x4x8x64xf16> {
  // CHECK: mil.reshape %{{.*}}, shape = [1, 4, 8, 64] : tensor<1x32x1x64xf16>
  %0 = mil.reshape %x, shape = [1, 4, 8, 64] : tensor<1x32x1x64xf16>
  return %0 : tensor<1x4x8x64xf16>
}
