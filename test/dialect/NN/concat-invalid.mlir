// RUN: anec-opt %s -split-input-file -verify-diagnostics

// concat_c1
func.func @batch(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects dim 1, the sequence, or 2, the features, but got 0}}
  %y = nn.concat %x, %x, dim = 0 : tensor<2x4x8xf32>, tensor<2x4x8xf32>
  return
}

// -----

// concat_c2
func.func @differ(%x: tensor<2x4x8xf32>, %b: tensor<2x3x8xf32>) {
  // expected-error @below {{expects equal dimensions but 2, but got 'tensor<2x4x8xf32>' and 'tensor<2x3x8xf32>'}}
  %y = nn.concat %x, %b, dim = 2 : tensor<2x4x8xf32>, tensor<2x3x8xf32>
  return
}
