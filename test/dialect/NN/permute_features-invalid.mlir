// RUN: anec-opt %s -split-input-file -verify-diagnostics

// permute_c1
func.func @twice(%x: tensor<1x2x4xf32>) {
  // expected-error @below {{expects order to be a permutation of 4 features}}
  %y = nn.permute_features %x {order = array<i64: 2, 2, 0, 1>} : tensor<1x2x4xf32>
  return
}

// -----

// permute_c1
func.func @short(%x: tensor<1x2x4xf32>) {
  // expected-error @below {{expects order to be a permutation of 4 features}}
  %y = nn.permute_features %x {order = array<i64: 1, 0>} : tensor<1x2x4xf32>
  return
}
