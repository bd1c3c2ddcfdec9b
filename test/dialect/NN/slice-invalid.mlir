// RUN: anec-opt %s -split-input-file -verify-diagnostics

// slice_c1
func.func @batch(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects dim 1, the sequence, or 2, the features, but got 0}}
  %y = nn.slice %x, dim = 0, begin = 0, size = 1 : tensor<2x4x8xf32>
  return
}

// -----

// slice_c2
func.func @outside(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects a slice inside 4 elements, but got 3 from 2 on}}
  %y = nn.slice %x, dim = 1, begin = 2, size = 3 : tensor<2x4x8xf32>
  return
}

// -----

// slice_c2
func.func @negative(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects a slice inside 4 elements, but got 3 from -1 on}}
  %y = nn.slice %x, dim = 1, begin = -1, size = 3 : tensor<2x4x8xf32>
  return
}
