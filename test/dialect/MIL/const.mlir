// RUN: anec-opt %s | anec-opt | FileCheck %s

// CHECK-LABEL: @in_text_or_in_a_file(
func.func @in_text_or_in_a_file() {
  // CHECK: mil.const dense<5.000000e-01> : tensor<f16>
  %0 = mil.const dense<0.5> : tensor<f16>
  // CHECK: mil.const dense<0.000000e+00> : tensor<1x1x4x4xf16> in "weights/mask.bin"
  %1 = mil.const dense<0.0> : tensor<1x1x4x4xf16> in "weights/mask.bin"
  // CHECK: mil.const in "weights/wq.bin" : tensor<8x8x1x1xf16>
  %2 = mil.const in "weights/wq.bin" : tensor<8x8x1x1xf16>
  // CHECK: mil.const dense<3.332520e-01> : tensor<f16> {exact = dense<0.333333343> : tensor<f32>}
  %3 = mil.const dense<0.33325> : tensor<f16> {exact = dense<0.333333343> : tensor<f32>}
  // CHECK: mil.const in "weight.bin" : tensor<8xf16> {offset = 192 : i64}
  %4 = mil.const in "weight.bin" : tensor<8xf16> {offset = 192}
  return
}
