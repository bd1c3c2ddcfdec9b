// RUN: anec-opt %s -split-input-file -verify-diagnostics

// softmax_c1
func.func @axis_outside(%x: tensor<1x4x32x32xf16>) {
  // expected-error @below {{expects axis in [-4, 4), but got 4}}
  %0 = mil.softmax %x, axis = 4 : tensor<1x4x32x32xf16>
  return
}
