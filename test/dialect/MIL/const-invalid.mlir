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
func.func @too_long_for_the_text() {
  // expected-error @below {{expects a file for 10 elements; only fewer than 10 stand in the text}}
  %0 = mil.const dense<0.0> : tensor<10xf16>
  return
}
