// RUN: anec-opt %s -split-input-file -verify-diagnostics

// concat_c1
func.func @nothing() {
  // expected-error @below {{expects at least one value}}
  // expected-error @below {{failed to infer returned types}}
  %0 = "mil.concat"() <{axis = 1 : i32, interleave = false}> : () -> tensor<1x8x1x32xf16>
  return
}

// -----

// concat_c2
func.func @axis_outside(%a: tensor<4xf16>) {
  // expected-error @below {{expects axis in [-1, 1), but got 1}}
  %0 = mil.concat (%a), axis = 1, interleave = false : tensor<4xf16>
  return
}

// -----

// concat_c3
func.func @widths_differ(%a: tensor<1x8x1x32xf16>, %b: tensor<1x8x1x16xf16>) {
  // expected-error @below {{expects values equal to 'tensor<1x8x1x32xf16>' but for dimension 1, but got 'tensor<1x8x1x16xf16>'}}
  %0 = mil.concat (%a, %b), axis = 1, interleave = false : tensor<1x8x1x32xf16>, tensor<1x8x1x16xf16>
  return
}

// -----

// concat_c4
func.func @interleaved(%a: tensor<4xf16>) {
  // expected-error @below {{expects interleave to be false}}
  %0 = mil.concat (%a, %a), axis = 0, interleave = true : tensor<4xf16>, tensor<4xf16>
  return
}
