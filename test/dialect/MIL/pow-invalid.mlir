// RUN: anec-opt %s -split-input-file -verify-diagnostics

// binary_c1
func.func @shapes_do_not_broadcast(%x: tensor<1x8x1x32xf16>, %y: tensor<1x4x1x32xf16>) {
  // expected-error @below {{expects shapes that broadcast, but got 1x8x1x32 and 1x4x1x32}}
  %0 = mil.pow %x, %y : tensor<1x8x1x32xf16>, tensor<1x4x1x32xf16>
  return
}

// -----

func.func @element_types_differ(%x: tensor<1x8x1x32xf16>, %y: tensor<1x8x1x32xf32>) {
  // expected-error @below {{failed to verify that all of {x, y} have same element type}}
  %0 = mil.pow %x, %y : tensor<1x8x1x32xf16>, tensor<1x8x1x32xf32>
  return
}
