// RUN: anec-opt %s -split-input-file -verify-diagnostics

// pad_c1
func.func @batch(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects dim 1, the sequence, or 2, the features, but got 3}}
  %y = nn.pad %x, dim = 3, begin = 0, size = 9 : tensor<2x4x8xf32>
  return
}

// -----

// pad_c2
func.func @no_room(%x: tensor<2x4x8xf32>) {
  // expected-error @below {{expects room for 8 elements from 2 on, but got 9 in all}}
  %y = nn.pad %x, dim = 2, begin = 2, size = 9 : tensor<2x4x8xf32>
  return
}
