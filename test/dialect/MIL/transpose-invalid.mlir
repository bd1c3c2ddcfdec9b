// RUN: anec-opt %s -split-input-file -verify-diagnostics

// transpose_c1
func.func @dimension_twice(%x: tensor<4x8xf16>) {
  // expected-error @below {{expects perm to be a permutation of 2 dimensions}}
  %0 = mil.transpose %x, perm = [1, 1] : tensor<4x8xf16>
  return
}
