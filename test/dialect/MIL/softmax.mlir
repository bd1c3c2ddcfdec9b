// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @last_axis(
func.func @last_axis(%x: tensor<1x4x32x32xf16>) -> tensor<1x4x32x32xf16> {
  // CHECK: mil.softmax %{{.*}}, axis = -1 : tensor<1x4x32x32xf16>
  %0 = mil.softmax %x, axis = -1 : tensor<1x4x32x32xf16>
  return %0 : tensor<1x4x32x32xf16>
}
