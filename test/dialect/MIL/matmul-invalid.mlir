// RUN: anec-opt %s -split-input-file -verify-diagnostics

// matmul_c1
func.func @vector(%x: tensor<8xf16>, %y: tensor<8x4xf16>) {
  // expected-error @below {{expects ranks of at least 2, but got 1 and 2}}
  %0 = mil.matmul %x, %y, transpose_x = false, transpose_y = false : tensor<8xf16>, tensor<8x4xf16>
  return
}

// -----

// matmul_c2
func.func @contraction_differs(%x: tensor<2x8xf16>, %y: tensor<9x4xf16>) {
  // expected-error @below {{expects y to have 8 rows to match x, but got 9}}
  %0 = mil.matmul %x, %y, transpose_x = false, transpose_y = false : tensor<2x8xf16>, tensor<9x4xf16>
  return
}

// -----

// matmul_c3
func.func @batches_differ(%x: tensor<1x3x2x8xf16>, %y: tensor<1x4x8x4xf16>) {
  // expected-error @below {{expects leading dimensions that broadcast, but got 1x3 and 1x4}}
  %0 = mil.matmul %x, %y, transpose_x = false, transpose_y = false : tensor<1x3x2x8xf16>, tensor<1x4x8x4xf16>
  return
}
