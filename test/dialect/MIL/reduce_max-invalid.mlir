// RUN: anec-opt %s -split-input-file -verify-diagnostics

// reduction_c1
func.func @axis_outside(%x: tensor<1x8x4x32xf16>) {
  // expected-error @below {{expects axes in [-4, 4), but got 4}}
  %0 = mil.reduce_max %x, axes = [4], keep_dims = true : tensor<1x8x4x32xf16>
  return
}

// -----

// reduction_c1
func.func @axis_twice(%x: tensor<1x8x4x32xf16>) {
  // expected-error @below {{names dimension 3 twice}}
  %0 = mil.reduce_max %x, axes = [3, -1], keep_dims = true : tensor<1x8x4x32xf16>
  return
}
