// RUN: anec-opt %s -split-input-file -verify-diagnostics

// const_c1
func.func @value_of_another_type() {
  // expected-error @below {{expects a value of type 'tensor<2xf16>', but got 'tensor<1xf16>'}}
  %0 = "mil.const"() <{value = dense<0.0> : tensor<1xf16>}> : () -> tensor<2xf16>
  return
}

// -----

// const_c2
func.func @nothing() {
  // expected-error @below {{expects a value or a file}}
  %0 = "mil.const"() : () -> tensor<f16>
  return
}

// -----

// const_c3
func.func @exact_of_another_shape() {
  // expected-error @below {{expects an exact value of type 'tensor<f32>' beside a value, but got 'tensor<2xf32>'}}
  %0 = mil.const dense<0.0> : tensor<f16> {exact = dense<0.0> : tensor<2xf32>}
  return
}

// -----

// const_c3
func.func @exact_without_a_value() {
  // expected-error @below {{expects an exact value of type 'tensor<1xf32>' beside a value, but got 'tensor<1xf32>'}}
  %0 = mil.const in "weights/wq.bin" : tensor<1xf16> {exact = dense<0.0> : tensor<1xf32>}
  return
}

// -----

// const_c4
func.func @offset_without_a_file() {
  // expected-error @below {{expects an offset beside a file without a value}}
  %0 = mil.const dense<0.0> : tensor<f16> {offset = 64 : i64}
  return
}

// -----

// const_c4
func.func @offset_of_a_value() {
  // expected-error @below {{expects an offset beside a file without a value}}
  %0 = mil.const dense<0.0> : tensor<f16> in "weights/mask.bin" {offset = 64 : i64}
  return
}
