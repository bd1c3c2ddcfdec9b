// RUN: anec-opt %s -split-input-file -verify-diagnostics

// slice_by_size_c1
func.func @too_few_numbers(%x: tensor<4x8xf16>) {
  // expected-error @below {{expects 2 begins and sizes, but got 1 and 2}}
  %0 = mil.slice_by_size %x, begin = [0], size = [4, 8] : tensor<4x8xf16>
  return
}

// -----

// slice_by_size_c2
func.func @past_the_end(%x: tensor<4x8xf16>) {
  // expected-error @below {{expects the slice of dimension 1 to lie in [0, 8), but got 4 elements from 5}}
  %0 = mil.slice_by_size %x, begin = [0, 5], size = [4, 4] : tensor<4x8xf16>
  return
}
