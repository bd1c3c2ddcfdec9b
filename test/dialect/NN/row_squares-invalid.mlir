// RUN: anec-opt %s -split-input-file -verify-diagnostics

// row_squares_c1
func.func @rows(%x: tensor<1x32x64xf32>) {
  // expected-error @below {{expects a matrix [1, columns, rows] and results of type 'tensor<1x1x64xf32>', but got 'tensor<1x32x64xf32>' and 'tensor<1x1x32xf32>'}}
  %p, %s = nn.row_squares %x : tensor<1x32x64xf32> -> tensor<1x1x32xf32>
  return
}

// -----

// row_squares_c1
func.func @batch(%x: tensor<2x32x64xf32>) {
  // expected-error @below {{expects a matrix [1, columns, rows] and results of type 'tensor<1x1x64xf32>', but got 'tensor<2x32x64xf32>' and 'tensor<1x1x64xf32>'}}
  %p, %s = nn.row_squares %x : tensor<2x32x64xf32> -> tensor<1x1x64xf32>
  return
}
